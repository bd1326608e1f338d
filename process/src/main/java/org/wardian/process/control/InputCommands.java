package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.wardian.display.PointerReceiver;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/** Keys and pointers. */
final class InputCommands {
  private static final long HOLD_MILLISECONDS = 100;

  /** Keys of one command, and milliseconds that they are held. */
  private static final int MOST_KEYS = 64;

  private static final long LONGEST_HOLD = 10_000;

  /** Absolute positions are 0 to this, less one (INPUT_EVENT_ABS_MAX). */
  private static final int RANGE = 0x8000;

  private final ScreenServer screen;

  // Under this object's monitor.
  private int x;
  private int y;
  private int buttons;

  InputCommands(ScreenServer screen) {
    this.screen = screen;
  }

  void addTo(CommandTable table) {
    table.add(
        "send-key",
        List.of(required("keys", ParameterType.LIST), optional("hold-time", ParameterType.INTEGER)),
        this::sendKey);
    table.add(
        "input-send-event",
        List.of(
            required("events", ParameterType.LIST),
            optional("device", ParameterType.STRING),
            optional("head", ParameterType.INTEGER)),
        this::sendEvents);
    table.add("query-mice", List.of(), arguments -> mice());
  }

  private ArrayNode mice() {
    ArrayNode mice = Replies.list();
    mice.addObject()
        .put("index", 0)
        .put("name", "PS/2 Mouse")
        .put("current", true)
        .put("absolute", false);
    return mice;
  }

  private JsonNode sendKey(Arguments arguments) throws QmpException {
    ArrayNode keys = arguments.list("keys");
    if (keys.size() > MOST_KEYS) {
      throw new QmpException("at most " + MOST_KEYS + " keys are pressed at once");
    }
    List<Integer> codes = new ArrayList<>();
    for (JsonNode key : keys) {
      codes.add(code(key));
    }
    long hold =
        Math.clamp(
            arguments.optionalInteger("hold-time").orElse(HOLD_MILLISECONDS), 0, LONGEST_HOLD);
    codes.forEach(code -> screen.keys().key(code, true));
    try {
      Thread.sleep(hold);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    codes.reversed().forEach(code -> screen.keys().key(code, false));
    return Arguments.none();
  }

  /** A KeyValue: {@code {"type": "qcode", "data": "a"}} or {@code "number"}. */
  private static int code(JsonNode key) throws QmpException {
    if (!(key instanceof ObjectNode members)) {
      throw new QmpException("Invalid parameter type for 'keys', expected: object");
    }
    Arguments value = Arguments.of(members);
    String type = value.string("type");
    switch (type) {
      case "number" -> {
        return KeyCodes.ofNumber(value.integer("data"));
      }
      case "qcode" -> {
        String name = value.string("data");
        return KeyCodes.of(name)
            .orElseThrow(
                () -> new QmpException("Parameter 'data' does not accept value '" + name + "'"));
      }
      default -> throw new QmpException("Parameter 'type' does not accept value '" + type + "'");
    }
  }

  private synchronized JsonNode sendEvents(Arguments arguments) throws QmpException {
    boolean moved = false;
    int wheel = 0;
    for (JsonNode event : arguments.list("events")) {
      if (!(event instanceof ObjectNode members)) {
        throw new QmpException("Invalid parameter type for 'events', expected: object");
      }
      Arguments input = Arguments.of(members);
      Arguments data = input.object("data");
      switch (input.string("type")) {
        case "key" -> screen.keys().key(code(data.object("key").members()), data.bool("down"));
        case "btn" -> {
          String button = data.string("button");
          if (data.bool("down")) {
            wheel += button.equals("wheel-up") ? -1 : button.equals("wheel-down") ? 1 : 0;
          }
          press(button, data.bool("down"));
          moved = true;
        }
        case "abs" -> {
          int value = Math.clamp(data.integer("value"), 0, RANGE - 1);
          x = data.string("axis").equals("x") ? value : x;
          y = data.string("axis").equals("y") ? value : y;
          moved = true;
        }
        case "rel" -> {
          int value = Math.clamp(data.integer("value"), -RANGE, RANGE);
          x = Math.clamp(x + (data.string("axis").equals("x") ? value : 0), 0, RANGE - 1);
          y = Math.clamp(y + (data.string("axis").equals("y") ? value : 0), 0, RANGE - 1);
          moved = true;
        }
        case String other ->
            throw new QmpException("Parameter 'type' does not accept value '" + other + "'");
      }
    }
    if (moved) {
      screen.pointer().pointer(x, y, RANGE, RANGE, buttons, wheel);
    }
    return Arguments.none();
  }

  private void press(String button, boolean down) {
    int bit =
        switch (button) {
          case "left" -> PointerReceiver.LEFT;
          case "middle" -> PointerReceiver.MIDDLE;
          case "right" -> PointerReceiver.RIGHT;
          default -> 0;
        };
    buttons = down ? buttons | bit : buttons & ~bit;
  }
}
