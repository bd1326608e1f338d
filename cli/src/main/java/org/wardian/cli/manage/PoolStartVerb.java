package org.wardian.cli.manage;

import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward pool start}. */
@Command(
    name = "start",
    mixinStandardHelpOptions = true,
    description = {
      "Makes the volumes of storage pools reachable.",
      "",
      "  ward pool start images",
      "  ward pool start --build images",
      ""
    })
final class PoolStartVerb extends PoolAction {
  @Option(names = "--build", description = "Make its folder first, or what else it needs.")
  private boolean build;

  @Override
  String act(StoragePool pool) throws LibvirtException {
    if (build) {
      pool.build(0);
    }
    pool.start();
    return "started";
  }
}
