package org.wardian.libvirt.xdr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Every structure of the protocol: values come back, and no bytes do harm. */
class StructureFuzzTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final long SEED = Long.getLong("wardian.fuzz.seed", 20_221_201L);

  /** What a byte of input may cost at most: objects for elements of four bytes, and some slack. */
  private static final long COST = 64;

  private static final long FIXED_COST = 65_536;

  private final Map<Class<? extends XdrStruct>, MethodHandle> structures = structures();
  private final List<Class<? extends XdrStruct>> classes = List.copyOf(structures.keySet());

  private static Map<Class<? extends XdrStruct>, MethodHandle> structures() {
    Map<Class<? extends XdrStruct>, MethodHandle> all = new LinkedHashMap<>();
    RandomStructures.all().forEach(type -> all.put(type, RandomStructures.reader(type)));
    return all;
  }

  @Test
  void valuesOfEveryStructureComeBack() throws XdrException {
    SplittableRandom random = new SplittableRandom(SEED);
    RandomStructures values = new RandomStructures(random);
    assertThat(classes).hasSizeGreaterThan(690);
    int rounds = Math.max(1, ITERATIONS / classes.size());
    for (int round = 0; round < rounds; round++) {
      for (Class<? extends XdrStruct> type : classes) {
        XdrStruct value = narrowed(type, values.value(type));
        byte[] bytes = RandomStructures.bytes(value);
        XdrReader in = new XdrReader(bytes);

        assertThat(RandomStructures.read(structures.get(type), in)).isEqualTo(value);
        assertThat(in.remaining()).as("bytes left of %s", value).isZero();
      }
    }
  }

  /** The value as it is after a trip, for fields that C keeps in fewer bits than Java. */
  private XdrStruct narrowed(Class<? extends XdrStruct> type, XdrStruct value) throws XdrException {
    XdrReader in = new XdrReader(RandomStructures.bytes(value));
    return type.cast(RandomStructures.read(structures.get(type), in));
  }

  @Test
  void noBytesDoHarm() throws XdrException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SplittableRandom random = new SplittableRandom(SEED + 1);
    RandomStructures values = new RandomStructures(random);
    int understood = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      Class<? extends XdrStruct> type = classes.get(random.nextInt(classes.size()));
      byte[] bytes = hostile(random, values, type);
      MethodHandle reader = structures.get(type);
      Object value = null;
      long cost = Long.MAX_VALUE;
      // The first time a class is used, the JVM links it; that is no cost of the bytes.
      for (int attempt = 0; attempt < 3 && cost > allowed(bytes); attempt++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
          value = RandomStructures.read(reader, new XdrReader(bytes));
        } catch (XdrException refused) {
          assertThat(refused).hasMessageMatching("(?s).+(:| ).+");
        }
        cost = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(cost)
          .as("%s of %s, case %s", type.getSimpleName(), Arrays.toString(bytes), i)
          .isLessThanOrEqualTo(allowed(bytes));
      if (value != null) {
        understood++;
        writesWhatItRead(type, (XdrStruct) value);
      }
    }
    assertThat(understood).isBetween(ITERATIONS / 20, ITERATIONS);
  }

  private static long allowed(byte[] bytes) {
    return FIXED_COST + COST * bytes.length;
  }

  /** What was understood can be said again, and is understood the same. */
  private void writesWhatItRead(Class<? extends XdrStruct> type, XdrStruct value) {
    assertThatCode(() -> assertThat(narrowed(type, value)).isEqualTo(value))
        .doesNotThrowAnyException();
  }

  private static byte[] hostile(
      SplittableRandom random, RandomStructures values, Class<? extends XdrStruct> type)
      throws XdrException {
    if (random.nextInt(4) == 0) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      for (int i = 0; i < noise.length; i++) {
        if (random.nextInt(3) > 0) {
          noise[i] &= 3;
        }
      }
      return noise;
    }
    byte[] bytes = RandomStructures.bytes(values.value(type));
    for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0xff);
        default -> bytes = Arrays.copyOf(bytes, random.nextBoolean() ? at : bytes.length + 4);
      }
    }
    return bytes;
  }
}
