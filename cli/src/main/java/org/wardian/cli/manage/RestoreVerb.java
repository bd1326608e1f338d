package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainRestoreFlagsArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward restore}. */
@Command(
    name = "restore",
    mixinStandardHelpOptions = true,
    description = {
      "Has a machine go on from a file that 'ward save' wrote. The file stays; its disks must be as"
          + " the machine left them.",
      "",
      "  ward restore /var/tmp/web.saved",
      ""
    })
final class RestoreVerb extends ManageAction {
  @ArgGroup private AfterRestore after;

  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "An absolute path on the daemon's host.")
  private String file;

  @Override
  void check() {
    if (!file.startsWith("/")) {
      throw mistake("the FILE is a path on the daemon's host, and so has to begin with a slash");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_RESTORE_FLAGS,
        new DomainRestoreFlagsArgs(file, null, AfterRestore.flags(after)));
    if (json.asked()) {
      print(Json.object().put("file", file));
    } else {
      out().println(file + ": restored");
    }
    return ExitStatus.OK.code();
  }
}
