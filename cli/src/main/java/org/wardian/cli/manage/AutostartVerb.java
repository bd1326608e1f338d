package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward autostart}. */
@Command(
    name = "autostart",
    mixinStandardHelpOptions = true,
    description = {
      "Has machines started whenever their daemon starts, which is mostly when the host does.",
      "",
      "  ward autostart web db",
      "  ward autostart --disable web",
      ""
    })
final class AutostartVerb extends DomainsVerb {
  @Option(names = "--disable", description = "Do not have them started any more.")
  private boolean disable;

  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    domain.autostart(!disable);
    return disable ? "does not start with its daemon" : "starts with its daemon";
  }
}
