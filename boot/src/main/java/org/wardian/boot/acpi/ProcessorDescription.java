package org.wardian.boot.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The DSDT's code for processors that come and go: a device for each that may be there, and
 * general-purpose event 2, which reads from the controller what has changed (QEMU's
 * docs/specs/acpi_cpu_hotplug.txt; ACPI specification 6.5, §8.4).
 */
final class ProcessorDescription {
  private static final int PORTS = 12;
  private static final int DEVICE_CHECK = 1;
  private static final int EJECT_REQUEST = 3;
  private static final int PRESENT = 0xf;

  private static final int MUTEX = 0x01;
  private static final int ACQUIRE = 0x23;
  private static final int RELEASE = 0x27;
  private static final int REGION = 0x80;
  private static final int FIELD = 0x81;
  private static final int EXTENDED = 0x5b;
  private static final int SYSTEM_IO = 1;
  private static final int STORE = 0x70;
  private static final int LOCAL0 = 0x60;
  private static final int ARGUMENT0 = 0x68;
  private static final int EQUAL = 0x93;
  private static final int IF = 0xa0;
  private static final int ELSE = 0xa1;
  private static final int WHILE = 0xa2;

  /** A method that one thread executes at a time. */
  private static final int SERIALIZED = 8;

  /** Fields: by bytes, bits beside a field are written as zeroes (§20.2.5.2). */
  private static final int BYTES_WITH_ZEROES = 0x41;

  /** Fields: by double words, without a lock. */
  private static final int DOUBLE_WORDS = 0x03;

  private final AcpiConfiguration board;
  private final int port;

  ProcessorDescription(AcpiConfiguration board, int port) {
    this.board = board;
    this.port = port;
  }

  static String name(int uid) {
    return "C%03X".formatted(uid);
  }

  /** Within {@code \\_SB}. */
  void write(AmlWriter system) {
    system.device("PRES", this::controller);
    system.device("CPUS", this::processors);
  }

  /** Within the root. */
  static void writeEvent(AmlWriter aml) {
    aml.scope(
        "\\_GPE", events -> events.method("_E02", 0, code -> code.reference("\\_SB.CPUS.CSCN")));
  }

  private void controller(AmlWriter device) {
    device.name("_HID").eisaId("PNP0A06");
    device.name("_UID").string("CPU hotplug");
    device.name("_CRS").resources(new ResourceTemplate().io(port, PORTS));
    device.raw(EXTENDED, REGION).reference("PRST").raw(SYSTEM_IO).integer(port).integer(PORTS);
    device.block(
        fields -> {
          fields.reference("PRST").raw(BYTES_WITH_ZEROES);
          fields.raw(0, 32); // The selector is a double word.
          for (String flag : new String[] {"CPEN", "CINS", "CRMV", "CEJ0"}) {
            fields.reference(flag).raw(1);
          }
          fields.raw(0, 4).reference("CCMD").raw(8);
        },
        EXTENDED,
        FIELD);
    device.block(
        fields ->
            fields
                .reference("PRST")
                .raw(DOUBLE_WORDS)
                .reference("CSEL")
                .raw(32)
                .raw(0, 32)
                .reference("CDAT")
                .raw(32),
        EXTENDED,
        FIELD);
    device.raw(EXTENDED, MUTEX).reference("CPLK").raw(0);
    device.method("_INI", SERIALIZED, code -> code.store(zero -> zero.integer(0), "CSEL"));
  }

  private static String register(String name) {
    return "\\_SB.PRES." + name;
  }

  private static AmlWriter locked(AmlWriter code) {
    return code.raw(EXTENDED, ACQUIRE).reference(register("CPLK")).raw(0xff, 0xff);
  }

  private static void unlocked(AmlWriter code) {
    code.raw(EXTENDED, RELEASE).reference(register("CPLK"));
  }

  private void processors(AmlWriter container) {
    container.name("_HID").string("ACPI0010");
    container.name("_CID").eisaId("PNP0A05");
    container.method(
        "CSTA",
        1 | SERIALIZED,
        code -> {
          locked(code).store(id -> id.argument(0), register("CSEL"));
          code.raw(STORE, 0, LOCAL0);
          code.block(
              then -> {
                then.raw(EQUAL).reference(register("CPEN")).integer(1);
                then.raw(STORE).integer(PRESENT).raw(LOCAL0);
              },
              IF);
          unlocked(code);
          code.returns().local(0);
        });
    container.method(
        "CEJ0",
        1 | SERIALIZED,
        code -> {
          locked(code).store(id -> id.argument(0), register("CSEL"));
          code.store(one -> one.integer(1), register("CEJ0"));
          unlocked(code);
        });
    container.method("CTFY", 2, this::tell);
    container.method("CSCN", SERIALIZED, ProcessorDescription::scan);
    for (int uid = 0; uid < board.processors().apicIds().size(); uid++) {
      int number = uid;
      container.device(name(uid), device -> processor(device, number));
    }
  }

  private void tell(AmlWriter code) {
    for (int uid = 0; uid < board.processors().apicIds().size(); uid++) {
      int number = uid;
      code.block(
          then -> {
            then.raw(EQUAL, ARGUMENT0).integer(number);
            then.notify(name(number), what -> what.argument(1));
          },
          IF);
    }
  }

  /** Takes one event after the other. */
  private static void scan(AmlWriter code) {
    locked(code);
    code.raw(STORE).integer(1).raw(LOCAL0);
    code.block(
        loop -> {
          loop.raw(EQUAL, LOCAL0).integer(1);
          loop.raw(STORE, 0, LOCAL0);
          loop.store(next -> next.integer(0), register("CCMD"));
          loop.block(then -> event(then, "CINS", DEVICE_CHECK), IF);
          loop.block(other -> other.block(then -> event(then, "CRMV", EJECT_REQUEST), IF), ELSE);
        },
        WHILE);
    unlocked(code);
  }

  private static void event(AmlWriter then, String flag, int told) {
    then.raw(EQUAL).reference(register(flag)).integer(1);
    then.reference("CTFY").reference(register("CDAT")).integer(told);
    then.store(done -> done.integer(1), register(flag));
    then.raw(STORE).integer(1).raw(LOCAL0);
  }

  private void processor(AmlWriter device, int uid) {
    device.name("_HID").string("ACPI0007");
    device.name("_UID").integer(uid);
    device.method("_STA", SERIALIZED, code -> code.returns().reference("CSTA").integer(uid));
    // Its entry of the MADT, as one that is there (§5.2.12.2).
    device
        .name("_MAT")
        .buffer(
            ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0)
                .put((byte) 8)
                .put((byte) uid)
                .put((byte) (int) board.processors().apicIds().get(uid))
                .putInt(1)
                .array());
    if (uid > 0) {
      device.method("_EJ0", 1, code -> code.reference("CEJ0").integer(uid));
    }
  }
}
