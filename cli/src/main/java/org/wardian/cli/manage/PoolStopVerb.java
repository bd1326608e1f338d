package org.wardian.cli.manage;

import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward pool stop}. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    description = {
      "Leaves storage pools alone until they are started again. What is in them stays.",
      "",
      "  ward pool stop images",
      ""
    })
final class PoolStopVerb extends PoolAction {
  @Override
  String act(StoragePool pool) throws LibvirtException {
    pool.destroy();
    return "stopped";
  }
}
