package org.wardian.process.control;

import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.Controller;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.DeviceSlots;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.domain.Assembler;
import org.wardian.process.domain.Drive;
import org.wardian.process.domain.MachineParts;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;

/**
 * Devices that come and go while the guest runs. {@code x-wardian-attach} takes the device's
 * element of the domain document, as the process itself was started with; {@code device_del} is
 * QEMU's: it returns at once, and DEVICE_DELETED tells that the guest has let the device go.
 */
final class HotplugCommands {
  private final DomainDocument document;
  private final Path runtime;
  private final MachineControl control;

  HotplugCommands(DomainDocument document, Path runtime, MachineControl control) {
    this.document = document;
    this.runtime = runtime;
    this.control = control;
    control.machine().devices().onEjection(this::ejected);
  }

  void addTo(CommandTable table) {
    table.add("x-wardian-attach", List.of(required("device", ParameterType.STRING)), this::attach);
    table.add("device_del", List.of(required("id", ParameterType.STRING)), this::delete);
  }

  private JsonNode attach(Arguments arguments) throws QmpException {
    DomainDevice device;
    try {
      device = DomainDocument.view(XmlReader.read(arguments.string("device")));
    } catch (XmlException e) {
      throw new QmpException("Parameter 'device': " + e.getMessage());
    }
    String alias =
        device.alias().orElseThrow(() -> new QmpException("Parameter 'device' has no alias"));
    if (control.parts().drives().containsKey(alias)
        || control.parts().links().containsKey(alias)
        || control.parts().characters().containsKey(alias)) {
      throw new QmpException("Duplicate device ID '" + alias + "'");
    }
    if (control.state().isOver()) {
      throw new QmpException("the machine has ended: nothing can be attached");
    }
    if (device instanceof Disk disk) {
      for (DiskChain.Image image : DiskChain.of(disk).images()) {
        if (image.index().isPresent()) {
          JobWords.checkNodeName(control, "libvirt-" + image.index().getAsInt() + "-format");
        }
      }
    }
    if (device instanceof CharacterDevice character) {
      return attachPort(character, alias);
    }
    try {
      DeviceConfiguration made =
          Assembler.attach(document, device, runtime, control::diskStopped, control.parts());
      control.whilePaused(() -> control.machine().devices().plug(fitting(made)));
      if (device instanceof Controller) {
        // Disks that come later name it.
        document.devicesElement().add(device.element().copy());
      }
      return Arguments.none().put("slot", control.machine().devices().slotOf(alias));
    } catch (AssemblyException | IllegalArgumentException | IllegalStateException e) {
      control.parts().remove(alias);
      throw new QmpException(e.getMessage());
    }
  }

  /** A port comes; the guest is told, and its driver asks for the name. */
  private JsonNode attachPort(CharacterDevice character, String alias) throws QmpException {
    MachineParts parts = control.parts();
    try {
      int number = Assembler.attachPort(document, character, parts);
      control.whilePaused(() -> parts.console().add(number, parts.ports().get(alias)));
      parts.connectPort(alias);
      return Arguments.none().put("slot", 0).put("port", number);
    } catch (AssemblyException | IllegalArgumentException | IllegalStateException e) {
      parts.remove(alias);
      throw new QmpException(e.getMessage());
    }
  }

  /** A port goes; as with QEMU the guest is told, not asked. */
  private void deletePort(String alias) {
    VirtioConsole console = control.parts().console();
    ConsolePort port = control.parts().ports().get(alias);
    control.whilePaused(() -> console.remove(console.number(port)));
    gone(alias);
  }

  /**
   * The device with a slot, where it is one of PCI. Devices without an address have taken the first
   * slots, whatever the document says of others.
   */
  private DeviceConfiguration fitting(DeviceConfiguration made) {
    DeviceSlots slots = control.machine().devices();
    return switch (made) {
      case DeviceConfiguration.Disk disk when disk.unit().isPresent() -> disk;
      case DeviceConfiguration.Placed placed when slots.isTaken(placed.slot()) ->
          new DeviceConfiguration.Placed(placed.device(), slots.freeSlot());
      case DeviceConfiguration.Placed placed -> placed;
      default -> new DeviceConfiguration.Placed(made, slots.freeSlot());
    };
  }

  private JsonNode delete(Arguments arguments) throws QmpException {
    String id = arguments.string("id");
    String name = id.startsWith("/machine/peripheral/") ? id.substring(20) : id;
    try {
      OptionalInt processor = ProcessorCommands.number(name);
      if (processor.isPresent()) {
        control.machine().processors().requestUnplug(processor.getAsInt());
        return Arguments.none();
      }
      if (control.parts().ports().containsKey(name)) {
        deletePort(name);
        return Arguments.none();
      }
      if (control.machine().devices().isUnit(name)) {
        // As with QEMU the guest is told, not asked.
        control.whilePaused(() -> control.machine().devices().unplugUnit(name));
        gone(name);
        return Arguments.none();
      }
      control.machine().devices().requestUnplug(name);
      return Arguments.none();
    } catch (IllegalArgumentException e) {
      if (control.parts().drives().containsKey(name)) {
        throw new QmpException("Device '" + name + "' does not support hotplugging");
      }
      throw Replies.noDevice(name);
    }
  }

  /** The guest has let a slot go; its vCPU waits for nobody. */
  private void ejected(int slot) {
    Thread.ofVirtual()
        .name("unplug")
        .start(() -> {
          String[] name = new String[1];
          control.whilePaused(() -> name[0] = control.machine().devices().unplug(slot));
          if (name[0] == null) {
            return;
          }
          gone(name[0]);
        });
  }

  private void gone(String name) {
    Drive drive = control.parts().drives().get(name);
    if (drive != null) {
      control.jobs().abandon(drive);
    }
    control.parts().remove(name);
    document
        .devicesElement()
        .removeIf(element ->
            element.name().equals("controller")
                && name.equals(element.attributeAt("alias", "name")));
    control.send(
        "DEVICE_DELETED",
        Arguments.none().put("device", name).put("path", "/machine/peripheral/" + name));
  }
}
