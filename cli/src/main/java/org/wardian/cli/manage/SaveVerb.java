package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainManagedSaveArgs;
import org.wardian.libvirt.wire.remote.DomainSaveFlagsArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward save}. */
@Command(
    name = "save",
    mixinStandardHelpOptions = true,
    description = {
      "Saves a running machine with its memory, and stops it. Without FILE its daemon keeps the"
          + " state, and the next 'ward start' goes on from there; with FILE, a path on the"
          + " daemon's host, 'ward restore' does.",
      "",
      "  ward save web && ward start web",
      "  ward save web /var/tmp/web.saved && ward restore /var/tmp/web.saved",
      ""
    })
final class SaveVerb extends ManageAction {
  @ArgGroup private AfterRestore after;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name, UUID or id of the machine.")
  private String name;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      description = "Where to, an absolute path on the daemon's host.")
  private String file;

  @Override
  void check() {
    if (file != null && !file.startsWith("/")) {
      throw mistake("the FILE is a path on the daemon's host, and so has to begin with a slash");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException {
    Domain domain = Lookup.domain(connection, name);
    int flags = AfterRestore.flags(after);
    if (file == null) {
      connection.call(
          RemoteProgram.DOMAIN_MANAGED_SAVE, new DomainManagedSaveArgs(domain.reference(), flags));
    } else if (flags == 0) {
      domain.save(file);
    } else {
      connection.call(
          RemoteProgram.DOMAIN_SAVE_FLAGS,
          new DomainSaveFlagsArgs(domain.reference(), file, null, flags));
    }
    if (json.asked()) {
      print(
          Json.object()
              .put("name", domain.name())
              .put("uuid", domain.uuid().toString())
              .put("file", file));
    } else {
      out()
          .println(
              Cells.plain(domain.name())
                  + ": saved"
                  + (file == null ? "; 'ward start' goes on from there" : " to " + file));
    }
    return ExitStatus.OK.code();
  }
}
