package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.Processors;
import org.wardian.definition.domain.Processors.Processor;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Processors that come into a running machine and go out of it. The caller holds the domain's lock.
 */
final class VcpuPlugs {
  private static final System.Logger LOG = System.getLogger(VcpuPlugs.class.getName());

  /** How long a guest may take to let a processor go, as libvirt has it. */
  private static final long PATIENCE_MILLISECONDS = 5_000;

  private static final String NAME = "vcpu";

  /** QEMU's name for a processor of whatever model; ours takes all. */
  private static final String DRIVER = "qemu64-x86_64-cpu";

  private final DomainParts parts;

  VcpuPlugs(DomainParts parts) {
    this.parts = parts;
  }

  /** The processor that a device's alias means; empty where it means another device. */
  static OptionalInt number(String alias) {
    return alias.matches(NAME + "[0-9]{1,4}")
        ? OptionalInt.of(Integer.parseInt(alias.substring(NAME.length())))
        : OptionalInt.empty();
  }

  /**
   * Has as many processors in a running machine as are wanted.
   *
   * @throws LibvirtException where the machine, or its guest, does not; some may have changed
   */
  void setCount(Domain domain, int count) throws LibvirtException {
    Processors now = new Processors(domain.facts().live());
    List<Processor> all = now.all();
    int missing = count - now.count();
    for (Processor one : missing > 0 ? all : all.reversed()) {
      if (missing > 0 && !one.isEnabled()) {
        plug(domain, one.number());
        missing--;
      } else if (missing < 0 && one.isEnabled() && one.isPluggable()) {
        unplug(domain, one.number());
        missing++;
      }
    }
    if (missing != 0) {
      throw Refusal.notNow(
          "failed to find appropriate hotpluggable vcpus to reach the desired target vcpu count");
    }
  }

  /** Puts a processor of a running machine in, or takes it out. */
  void change(Domain domain, BitSet which, boolean enabled) throws LibvirtException {
    List<Processor> all = new Processors(domain.facts().live()).all();
    requireAll(which, all, "live");
    for (int number : which.stream().toArray()) {
      if (all.get(number).isEnabled() == enabled) {
        throw Refusal.badArgument("vcpu '" + number + "' is already in requested state");
      }
      if (!enabled && !all.get(number).isPluggable()) {
        throw Refusal.qemu(
            ErrorNumber.OPERATION_UNSUPPORTED, "vcpu '" + number + "' can't be unplugged");
      }
    }
    if (which.cardinality() > 1) {
      throw Refusal.qemu(
          ErrorNumber.OPERATION_UNSUPPORTED, "only one hotpluggable entity can be selected");
    }
    for (int number : which.stream().toArray()) {
      if (enabled) {
        plug(domain, number);
      } else {
        unplug(domain, number);
      }
    }
  }

  /** Changes processors of a definition. */
  static void changeConfig(DomainDocument document, BitSet which, boolean enabled)
      throws LibvirtException {
    Processors processors = new Processors(document);
    requireAll(which, processors.all(), "persistent");
    if (which.get(0)) {
      throw Refusal.badArgument("vCPU '0' can't be modified");
    }
    which.stream().forEach(number -> processors.change(number, enabled));
  }

  /** Checks that there can be all of a set. */
  static void requireAll(BitSet which, List<Processor> all, String config) throws LibvirtException {
    if (which.isEmpty()) {
      throw Refusal.badArgument("no vcpu selected for modification");
    }
    if (which.length() > all.size()) {
      throw Refusal.badArgument(
          "vcpu " + which.nextSetBit(all.size()) + " is not present in " + config + " config");
    }
  }

  private void plug(Domain domain, int number) throws LibvirtException {
    Machine machine = domain.running();
    machine.execute(
        "device_add",
        Machine.arguments()
            .put("driver", DRIVER)
            .put("id", NAME + number)
            .put("socket-id", number)
            .put("core-id", 0)
            .put("thread-id", 0));
    edit(domain, machine, processors -> processors.came(number));
    MachineThreads.place(machine, domain.facts().live());
  }

  private void unplug(Domain domain, int number) throws LibvirtException {
    Machine machine = domain.running();
    Removals.Wait removal = machine.removals().await(NAME + number);
    try {
      machine.execute("device_del", Machine.arguments().put("id", NAME + number));
      switch (removal.outcome(PATIENCE_MILLISECONDS)) {
        case REMOVED -> {
          // What follows from it was done by removed().
        }
        case REFUSED -> throw Refusal.failed("vcpu unplug request was rejected by the guest");
        case PENDING ->
            throw Refusal.qemu(
                ErrorNumber.OPERATION_TIMEOUT,
                "vcpu unplug request timed out. Unplug result must be manually inspected in the"
                    + " domain");
      }
    } finally {
      removal.close();
    }
  }

  /** The guest has let a processor go. */
  void removed(Domain domain, Machine machine, int number) {
    edit(domain, machine, processors -> processors.went(number));
    machine.removals().tell(NAME + number, Removals.Outcome.REMOVED);
  }

  /** Changes the live document, and that which the machine's process would start anew with. */
  private void edit(Domain domain, Machine machine, Consumer<Processors> change) {
    domain.update(now -> {
      if (now.live() == null) {
        return now;
      }
      DomainDocument changed = now.live().copy();
      change.accept(new Processors(changed));
      return now.withLive(changed);
    });
    parts.life().writeStatus(domain);
    try {
      DomainDocument own =
          DomainDocument.of(XmlReader.read(Files.readString(Machine.definition(machine.folder()))));
      change.accept(new Processors(own));
      parts.files().writeLive(machine.folder(), own);
    } catch (IOException | XmlException | LibvirtException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the machine in " + machine.folder() + " would start anew without its change",
          e);
    }
  }
}
