import os
import subprocess

import idna
import six

assert os.getcwd() == os.environ["PROJECT_ROOT"]
assert six.PY3
print(os.environ["GREETING"])
print(idna.encode("bücher.example").decode())
print(subprocess.run(["hello"], check=True, capture_output=True, text=True).stdout, end="")
