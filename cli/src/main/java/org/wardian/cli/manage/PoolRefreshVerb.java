package org.wardian.cli.manage;

import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward pool refresh}. */
@Command(
    name = "refresh",
    mixinStandardHelpOptions = true,
    description = {
      "Has the daemon look again which volumes there are, after others have changed them.",
      "",
      "  ward pool refresh images",
      ""
    })
final class PoolRefreshVerb extends PoolAction {
  @Override
  String act(StoragePool pool) throws LibvirtException {
    pool.refresh();
    return "refreshed, " + pool.volumes().size() + " volumes";
  }
}
