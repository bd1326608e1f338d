package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalInt;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/**
 * Processors, and those that come and go: QEMU's commands and names. Each processor is a socket of
 * its own; one that may go is called {@code vcpuN}, as libvirt calls it.
 */
final class ProcessorCommands {
  private static final String TYPE = "qemu64-x86_64-cpu";
  private static final String NAME = "vcpu";

  private final MachineControl control;

  ProcessorCommands(MachineControl control) {
    this.control = control;
    control.machine().processors().onEjection(this::ejected);
  }

  void addTo(CommandTable table) {
    table.add("query-cpus-fast", List.of(), arguments -> processors());
    table.add("query-hotpluggable-cpus", List.of(), arguments -> places());
    table.add(
        "device_add",
        List.of(
            required("driver", ParameterType.STRING),
            optional("id", ParameterType.STRING),
            optional("socket-id", ParameterType.INTEGER),
            optional("core-id", ParameterType.INTEGER),
            optional("thread-id", ParameterType.INTEGER)),
        this::add);
  }

  private JsonNode processors() {
    ArrayNode processors = Replies.list();
    int number = 0;
    for (int thread : control.machine().processorThreads()) {
      if (control.machine().processors().isPresent(number)) {
        ObjectNode processor =
            processors
                .addObject()
                .put("thread-id", thread)
                .put("qom-path", path(number))
                .put("cpu-index", number)
                .put("target", "x86_64");
        place(processor, number);
      }
      number++;
    }
    return processors;
  }

  /** The last first, as QEMU has it. */
  private JsonNode places() {
    ArrayNode places = Replies.list();
    for (int number = control.machine().processorThreads().size() - 1; number >= 0; number--) {
      ObjectNode place = places.addObject();
      place(place, number);
      place.put("vcpus-count", 1);
      if (control.machine().processors().isPresent(number)) {
        place.put("qom-path", path(number));
      }
      place.put("type", TYPE);
    }
    return places;
  }

  private static void place(ObjectNode of, int number) {
    of.putObject("props").put("core-id", 0).put("thread-id", 0).put("socket-id", number);
  }

  private static String path(int number) {
    return "/machine/unattached/device[" + number + "]";
  }

  private JsonNode add(Arguments arguments) throws QmpException {
    String driver = arguments.string("driver");
    if (!driver.endsWith("-x86_64-cpu")) {
      throw new QmpException("'" + driver + "' is not a valid device model name");
    }
    long socket = arguments.has("socket-id") ? arguments.integer("socket-id") : -1;
    if (socket < 0 || socket >= control.machine().processorThreads().size()) {
      throw new QmpException(
          "Invalid CPU socket-id: %d must be in range 0:%d"
              .formatted(socket, control.machine().processorThreads().size() - 1));
    }
    int number = (int) socket;
    if (control.machine().processors().isPresent(number)) {
      throw new QmpException("CPU[%d] with APIC ID %d exists".formatted(number, number));
    }
    if (control.state().isOver()) {
      throw new QmpException("the machine has ended: nothing can be attached");
    }
    try {
      control.whilePaused(() -> control.machine().processors().plug(number));
    } catch (IllegalArgumentException e) {
      throw new QmpException(e.getMessage());
    }
    return Arguments.none();
  }

  /** The processor that a device's name means; empty where it means another device. */
  static OptionalInt number(String name) {
    return name.matches(NAME + "[0-9]{1,4}")
        ? OptionalInt.of(Integer.parseInt(name.substring(NAME.length())))
        : OptionalInt.empty();
  }

  /** The guest has let a processor go; its vCPU waits for nobody. */
  private void ejected(int number) {
    Thread.ofVirtual()
        .name("unplug-processor")
        .start(() -> {
          control.whilePaused(() -> control.machine().processors().unplug(number));
          control.send(
              "DEVICE_DELETED",
              Arguments.none()
                  .put("device", NAME + number)
                  .put("path", "/machine/peripheral/" + NAME + number));
        });
  }
}
