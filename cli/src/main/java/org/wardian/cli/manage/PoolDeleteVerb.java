package org.wardian.cli.manage;

import java.io.IOException;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ward pool delete}. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = {
      "Stops storage pools and forgets them. The volumes in them stay, and are a pool again when it"
          + " is defined anew.",
      "",
      "  ward pool delete --yes images",
      ""
    })
final class PoolDeleteVerb extends PoolAction {
  @Option(
      names = "--storage",
      description = "Delete what it stands on, too: of a folder, the folder if it is empty.")
  private boolean storage;

  @Mixin private YesOption yes;

  @Override
  void ask() throws IOException {
    yes.ask(
        err(),
        "forget "
            + Cells.plain(String.join(", ", names()))
            + (storage ? " and delete what it stands on" : ""));
  }

  @Override
  String act(StoragePool pool) throws LibvirtException {
    boolean persistent = pool.isPersistent();
    if (pool.isActive()) {
      pool.destroy();
    }
    if (storage) {
      pool.deleteStorage();
    }
    if (persistent) {
      pool.undefine();
    }
    return storage ? "forgotten, and its storage deleted" : "forgotten";
  }
}
