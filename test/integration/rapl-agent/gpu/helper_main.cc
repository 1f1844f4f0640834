#include "rapl-agent/gpu/helper_command.h"

int main(int argc, char** argv) {
  return headroom::rapl_agent::gpu::run_helper_command(argc, argv);
}
