// Images in and out of the store.
#include <CLI/App.hpp>
#include <memory>

#include "driver/command_line/commands_table.h"
#include "driver/command_line/input_flags.h"
#include "driver/command_line/values.h"
#include "driver/commands.h"

namespace strata::driver {

void add_transfer_commands(CLI::App& root, Chosen& chosen) {
  auto import = std::make_shared<ImportOptions>();
  auto* app = root.add_subcommand("import",
                                  "Take a root file system tar, OCI layout, OCI or docker archive");
  app->add_option("path", import->path, "File or directory")->required();
  app->add_option("-n,--name,-t,--tag", import->name, "Name to give the image");
  app->add_option("--platform", import->platform, "Platform of a root file system tar");
  app->add_option("-c,--change", import->changes,
                  "Config of a root tar, as an instruction: 'ENV A=1', 'CMD [\"sh\"]'")
      ->allow_extra_args(false);
  app->add_option("--created", import->created, "`created` of a root tar's image, seconds");
  app->callback([=, &chosen] { chosen = [import] { return run_import(*import); }; });

  auto exported = std::make_shared<ExportOptions>();
  auto output = std::make_shared<std::string>();
  app = root.add_subcommand("export", "Write an image of the store");
  app->add_option("image", exported->image, "Name or digest")->required();
  app->add_option("-o,--output", *output, "type=oci|oci-archive|docker|tar|local,dest=PATH")
      ->required();
  app->callback([=, &chosen] {
    exported->output = output_of(*output);
    chosen = [exported] { return run_export(*exported); };
  });

  auto pull = std::make_shared<TransferOptions>();
  app = root.add_subcommand("pull", "Fetch an image into the store");
  app->add_option("image", pull->image, "Reference")->required();
  app->add_option("--platform", pull->platform, "os/arch[/variant]");
  app->callback([=, &chosen] { chosen = [pull] { return run_pull(*pull); }; });

  auto push = std::make_shared<TransferOptions>();
  app = root.add_subcommand("push", "Send an image of the store to a registry");
  app->add_option("image", push->image, "Name or digest")->required();
  app->add_option("destination", push->destination,
                  "Reference to push to (default: the image's name)");
  app->callback([=, &chosen] { chosen = [push] { return run_push(*push); }; });

  auto inspect = std::make_shared<InspectOptions>();
  app = root.add_subcommand("inspect", "Show an image of the store");
  app->add_option("image", inspect->image, "Name or digest; without it, every image of the store");
  add_format(*app, inspect->format);
  app->callback([=, &chosen] { chosen = [inspect] { return run_inspect(*inspect); }; });
}

}  // namespace strata::driver
