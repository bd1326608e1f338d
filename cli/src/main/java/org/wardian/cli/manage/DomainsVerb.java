package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * A verb that does the same to each of several machines. One that fails does not keep it from the
 * others; the status is that of the first failure.
 */
abstract class DomainsVerb extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "NAME",
      arity = "1..*",
      description = "Names, UUIDs, or ids of running machines.")
  private List<String> names;

  /**
   * Does it to one.
   *
   * @return what was done, such as {@code started}
   */
  abstract String act(Connection connection, Domain domain)
      throws LibvirtException, IOException, InterruptedException;

  /** What comes behind a machine's line; nothing for most. */
  void after(Connection connection, Domain domain)
      throws LibvirtException, IOException, InterruptedException {}

  final List<String> names() {
    return names;
  }

  @Override
  int act(Connection connection) throws LibvirtException, IOException, InterruptedException {
    ArrayNode results = Json.array();
    int status = ExitStatus.OK.code();
    for (String name : names) {
      try {
        Domain domain = Lookup.domain(connection, name);
        String done = act(connection, domain);
        ObjectNode result = results.addObject();
        result.put("name", domain.name()).put("uuid", domain.uuid().toString()).put("done", done);
        if (!json.asked()) {
          out().println(Cells.plain(domain.name()) + ": " + done);
          out().flush();
        }
        after(connection, domain);
      } catch (LibvirtException e) {
        Failure failure = Refusals.of(connection, e);
        if (names.size() == 1 || !connection.isAlive()) {
          throw failure;
        }
        status = tell(results, name, failure, status);
      } catch (Failure failure) {
        if (names.size() == 1) {
          throw failure;
        }
        status = tell(results, name, failure, status);
      }
    }
    if (json.asked()) {
      print(results);
    }
    return status;
  }

  private int tell(ArrayNode results, String name, Failure failure, int status) {
    results.addObject().put("name", name).put("error", failure.getMessage());
    err().println("ward: " + Cells.plain(name) + ": " + failure.getMessage());
    err().flush();
    return status == ExitStatus.OK.code() ? failure.code() : status;
  }
}
