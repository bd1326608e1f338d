package org.wardian.storage.bitmap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bits of ranges agree with an array of them. */
class RangeBitsTest {
  private static final int SHIFT = 9;

  @Test
  void randomChangesAgreeWithAnArray() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      int size = 1 + random.nextInt(200_000);
      RangeBits bits = new RangeBits(SHIFT, size);
      boolean[] model = new boolean[size + 511 >> SHIFT];
      for (int i = 0; i < 40; i++) {
        int offset = random.nextInt(size);
        int length = random.nextInt(size - offset + 1);
        boolean set = random.nextBoolean();
        for (int bit = offset >> SHIFT; length > 0 && bit <= offset + length - 1 >> SHIFT; bit++) {
          model[bit] = set;
        }
        if (set) {
          bits.set(offset, length);
        } else {
          bits.clear(offset, length);
        }
      }
      check(bits, model);
      check(bits.copy(), model);
      check(stored(bits), model);
      RangeBits coarse = new RangeBits(SHIFT + 2, size);
      coarse.merge(bits);
      for (int bit = 0; bit < model.length; bit++) {
        boolean any = false;
        for (int i = bit & ~3; i < Math.min(model.length, (bit & ~3) + 4); i++) {
          any |= model[i];
        }
        assertThat(coarse.isSet((long) bit << SHIFT)).isEqualTo(any);
      }
    }
  }

  private static RangeBits stored(RangeBits bits) {
    RangeBits again = new RangeBits(bits.shift(), bits.size());
    for (long i = 0; i < bits.storedBytes(); i++) {
      again.put(i, bits.get(i));
    }
    return again;
  }

  private static void check(RangeBits bits, boolean[] model) {
    long count = 0;
    for (int bit = 0; bit < model.length; bit++) {
      long offset = (long) bit << SHIFT;
      assertThat(bits.isSet(offset)).isEqualTo(model[bit]);
      count += model[bit] ? 1 : 0;
      int next = bit;
      while (next < model.length && !model[next]) {
        next++;
      }
      assertThat(bits.nextSet(offset)).isEqualTo(next == model.length ? -1 : (long) next << SHIFT);
      int end = bit;
      while (end < model.length && model[end]) {
        end++;
      }
      if (end > bit) {
        assertThat(bits.nextClear(offset, Long.MAX_VALUE - offset))
            .isEqualTo(Math.min(bits.size(), (long) end << SHIFT));
      }
    }
    assertThat(bits.count()).isEqualTo(count << SHIFT);
  }

  @Test
  void whatADiskGrowsByIsSet() {
    RangeBits bits = new RangeBits(SHIFT, 10_000);
    bits.resize(100_000);
    assertThat(bits.nextSet(0)).isEqualTo(20 << SHIFT);
    assertThat(bits.nextClear(20 << SHIFT, 1 << 20)).isEqualTo(100_000);
    bits.resize(10_000);
    assertThat(bits.nextSet(0)).isEqualTo(-1);
    bits.resize(11_000);
    assertThat(bits.nextSet(0)).isEqualTo(20 << SHIFT);
  }

  @Test
  void aFrozenBitmapStandsStillAndLosesNothing() {
    DirtyBitmap bitmap = new DirtyBitmap("b", new RangeBits(SHIFT, 10_000), true, false);
    bitmap.changed(0, 1);
    bitmap.freeze();
    bitmap.changed(5000, 1);
    assertThat(bitmap.busy()).isTrue();
    assertThat(bitmap.bits().isSet(5000)).isFalse();
    assertThat(bitmap.kept().isSet(5000)).isTrue();
    bitmap.reclaim();
    assertThat(bitmap.bits().isSet(0)).isTrue();
    assertThat(bitmap.bits().isSet(5000)).isTrue();
    bitmap.freeze();
    bitmap.changed(9000, 1);
    bitmap.abdicate();
    assertThat(bitmap.bits().isSet(0)).isFalse();
    assertThat(bitmap.bits().isSet(9000)).isTrue();
    bitmap.record(false);
    bitmap.changed(100, 1);
    assertThat(bitmap.bits().isSet(100)).isFalse();
  }
}
