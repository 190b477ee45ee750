#include <stdio.h>

int main(void) {
  puts("hello from a compiled C program");
  return 0;
}
