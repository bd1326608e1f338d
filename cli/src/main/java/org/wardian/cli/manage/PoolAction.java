package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A verb that does the same to each of several storage pools, up to the first that fails. */
abstract class PoolAction extends ManageAction {
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "NAME", arity = "1..*", description = "Names or UUIDs.")
  private List<String> names;

  /**
   * Does it to one.
   *
   * @return what was done, such as {@code started}
   */
  abstract String act(StoragePool pool) throws LibvirtException;

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
      StoragePool pool = Lookup.pool(connection, name);
      String done = act(pool);
      results
          .addObject()
          .put("name", pool.name())
          .put("uuid", pool.uuid().toString())
          .put("done", done);
      if (!json.asked()) {
        out().println(Cells.plain(pool.name()) + ": " + done);
        out().flush();
      }
    }
    if (json.asked()) {
      print(results);
    }
    return ExitStatus.OK.code();
  }
}
