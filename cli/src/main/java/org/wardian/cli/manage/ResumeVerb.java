package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;

/** {@code ward resume}. */
@Command(
    name = "resume",
    mixinStandardHelpOptions = true,
    description = {"Lets machines go on that are paused.", "", "  ward resume web", ""})
final class ResumeVerb extends DomainsVerb {
  @Override
  String act(Connection connection, Domain domain) throws LibvirtException {
    domain.resume();
    return "resumed";
  }
}
