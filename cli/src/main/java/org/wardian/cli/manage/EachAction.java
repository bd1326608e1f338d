package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * A verb that does the same to each of several objects of a kind, up to the first that fails.
 *
 * @param <T> what the client has for one
 */
abstract class EachAction<T> extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "NAME", arity = "1..*", description = "Names or UUIDs.")
  private List<String> names;

  /**
   * Does it to one.
   *
   * @return what was done, such as {@code started}
   */
  abstract String act(T object) throws LibvirtException;

  /** The object of a name or UUID. */
  abstract T find(Connection connection, String text) throws LibvirtException;

  /** Its name. */
  abstract String name(T object);

  /** Its UUID. */
  abstract UUID uuid(T object);

  /** Asks the user, where something would be lost. */
  void ask() throws IOException {}

  final List<String> names() {
    return names;
  }

  @Override
  final int act(Connection connection) throws LibvirtException, IOException {
    ask();
    ArrayNode results = Json.array();
    for (String name : names) {
      T object = find(connection, name);
      String done = act(object);
      results
          .addObject()
          .put("name", name(object))
          .put("uuid", uuid(object).toString())
          .put("done", done);
      if (!json.asked()) {
        out().println(Cells.plain(name(object)) + ": " + done);
        out().flush();
      }
    }
    if (json.asked()) {
      print(results);
    }
    return ExitStatus.OK.code();
  }
}
