// The values of flags that have a form of their own.
#include "driver/command_line/values.h"

#include <CLI/Error.hpp>
#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

#include "driver/command_line/choices.h"

namespace strata::driver {

std::vector<std::pair<std::string, std::string>> key_values(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    } else if (const char* value = std::getenv(text.c_str())) {
      pairs.emplace_back(text, value);
    }
  }
  return pairs;
}

OutputOption output_of(const std::string& text) {
  if (text.find('=') == std::string::npos) {
    return text == "-" ? OutputOption{"tar", "-", ""} : OutputOption{"local", text, ""};
  }
  OutputOption output;
  std::istringstream fields(text);
  std::set<std::string> given;
  for (std::string field; std::getline(fields, field, ',');) {
    const std::size_t equals = field.find('=');
    const std::string key = field.substr(0, equals) == "name" ? "ref" : field.substr(0, equals);
    if (!given.insert(key).second) {
      throw CLI::ValidationError("-o", "`" + key + "` is given twice");
    }
    const std::string value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (key == "type") {
      output.type = value;
    } else if (key == "dest") {
      output.dest = value;
    } else if (key == "ref") {
      output.ref = value;
    } else {
      throw CLI::ValidationError("-o", "unknown field `" + key + "` (known: type, dest, ref)");
    }
  }
  static const Words kTypes = {"oci", "oci-archive", "docker", "tar", "local", "registry"};
  if (std::find(kTypes.begin(), kTypes.end(), output.type) == kTypes.end()) {
    throw CLI::ValidationError("-o", "type " + not_one_of(output.type, kTypes));
  }
  const char* const unused = output.type == "registry" ? "dest" : "ref";
  if (given.contains(unused)) {
    throw CLI::ValidationError("-o", "type=" + output.type + " has no field `" + unused + "`");
  }
  const bool needs_dest = output.type != "registry" && output.type != "docker";
  if (needs_dest && output.dest.empty()) {
    throw CLI::ValidationError("-o", "type=" + output.type + " needs dest=PATH");
  }
  return output;
}

}  // namespace strata::driver
