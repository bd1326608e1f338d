package org.wardian.chipset;

import static org.wardian.chipset.Pit8254Registers.LARGEST_COUNT;
import static org.wardian.chipset.Pit8254Registers.NEVER;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Registers in which nothing is as it is after reset, but by chance. */
final class RandomRegisters {
  private final SplittableRandom random;

  RandomRegisters(long seed) {
    random = new SplittableRandom(seed);
  }

  LocalApicRegisters localApic(int id) {
    boolean x2apic = random.nextBoolean();
    long mode = x2apic ? LocalApic.BASE_X2APIC | LocalApic.BASE_ENABLED : LocalApic.BASE_ENABLED;
    return new LocalApicRegisters(
        LocalApic.DEFAULT_BASE | mode | (random.nextBoolean() ? LocalApic.BASE_BOOTSTRAP : 0),
        x2apic ? id : random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextLong(),
        times(6, random::nextInt),
        times(8, random::nextInt),
        times(8, random::nextInt),
        times(8, random::nextInt),
        random.nextBoolean(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextLong());
  }

  IoApicRegisters ioApic() {
    return new IoApicRegisters(
        times(IoApic.PINS, random::nextLong), random.nextInt(), random.nextInt(), random.nextInt());
  }

  Pic8259Registers pics() {
    return new Pic8259Registers(pic(), pic());
  }

  private Pic8259Registers.Chip pic() {
    return new Pic8259Registers.Chip(
        random.nextInt(6),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextInt(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  Pit8254Registers pit() {
    return new Pit8254Registers(times(3, this::channel), random.nextInt());
  }

  private Pit8254Registers.Channel channel() {
    return new Pit8254Registers.Channel(
        random.nextInt(1, 4),
        random.nextInt(6),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextInt(1, LARGEST_COUNT + 1),
        random.nextLong(-2, 1L << random.nextInt(2, 50)),
        random.nextBoolean() ? 0 : random.nextInt(LARGEST_COUNT + 1),
        // What waits until now has been adopted.
        random.nextBoolean() ? NEVER : random.nextLong(1, LARGEST_COUNT),
        random.nextLong(-LARGEST_COUNT, LARGEST_COUNT),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextInt(),
        random.nextInt(-1, 0x10000),
        random.nextInt(-1, 0x100));
  }

  private static <T> List<T> times(int count, Supplier<T> one) {
    return Stream.generate(one).limit(count).toList();
  }
}
