package org.wardian.process.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.wardian.qmp.ErrorClass;
import org.wardian.qmp.QmpException;

/** What many commands return, or refuse with. */
final class Replies {
  private Replies() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ArrayNode list() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** The machine has no device of that name. */
  static QmpException noDevice(String name) {
    return new QmpException(ErrorClass.DEVICE_NOT_FOUND, "Device '" + name + "' not found");
  }
}
