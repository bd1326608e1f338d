package org.wardian.qmp;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a server says that it is. Clients choose commands by the number of QEMU's release whose
 * commands these are.
 *
 * @param text free words about the program
 */
public record QmpVersion(int major, int minor, int micro, String text) {
  /** As {@code query-version} returns it. */
  public ObjectNode toJson() {
    ObjectNode version = JsonNodeFactory.instance.objectNode();
    version.putObject("qemu").put("micro", micro).put("minor", minor).put("major", major);
    version.put("package", text);
    return version;
  }
}
