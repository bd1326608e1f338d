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

  /** The machine has no image of that name. */
  static QmpException noNode(String name) {
    return new QmpException("Cannot find device='" + name + "' nor node-name='" + name + "'");
  }

  /** A parameter is none of its words. */
  static QmpException noValue(String parameter, String value) {
    return new QmpException("Parameter '" + parameter + "' does not accept value '" + value + "'");
  }
}
