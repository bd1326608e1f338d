package org.wardian.conformance.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class VectorFileTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static OracleVector vector(long seed) {
    EdgeValues random = new EdgeValues(seed);
    CaseState before = new CaseState();
    CaseState after = new CaseState();
    byte[] instruction = new byte[1 + random.below(15)];
    random.nextBytes(instruction);
    OracleCase input =
        new OracleCase(
            seed,
            random.oneOf(2, 4, 8),
            instruction,
            new int[] {Slots.RIP, Slots.memory(0x4100)},
            new long[] {random.integer(), random.integer()});
    input.materialize(before);
    after.copyFrom(before);
    for (int i = 0; i < 6; i++) {
      Slots.set(after, random.below(Slots.FLAGS), random.integer());
      Slots.set(after, Slots.ST + 2 * random.below(8), random.integer());
    }
    after.fxShort(CaseState.FX_FSW, (int) random.bits());
    return OracleVector.of(input, before, new Outcome(14, 6, random.bits()), after);
  }

  private static byte[] write(List<OracleVector> vectors) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    VectorFile.write(vectors, out);
    return out.toByteArray();
  }

  @Test
  void whatWasWrittenIsRead() throws IOException {
    List<OracleVector> vectors = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      vectors.add(vector(i));
    }
    List<OracleVector> read = VectorFile.read(new ByteArrayInputStream(write(vectors)));
    assertThat(read).hasSize(100);
    for (int i = 0; i < 100; i++) {
      OracleVector a = vectors.get(i);
      OracleVector b = read.get(i);
      assertThat(b.input.instruction).isEqualTo(a.input.instruction);
      assertThat(b.input.values).isEqualTo(a.input.values);
      assertThat(b.outcome).isEqualTo(a.outcome);
      assertThat(b.slots).isEqualTo(a.slots);
      assertThat(b.values).isEqualTo(a.values);
      CaseState before = new CaseState();
      b.input.materialize(before);
      assertThat(OracleCase.fingerprint(before)).isEqualTo(a.fingerprint);
    }
  }

  @Test
  void theStateAfterIsRestoredThoughTheX87StackTurned() throws IOException {
    for (int i = 0; i < 200; i++) {
      OracleVector vector = vector(i);
      CaseState before = new CaseState();
      CaseState first = new CaseState();
      vector.input.materialize(before);
      vector.after(before, first);
      OracleVector again = OracleVector.of(vector.input, before, vector.outcome, first);
      assertThat(again.slots).isEqualTo(vector.slots);
      assertThat(again.values).isEqualTo(vector.values);
    }
  }

  @Test
  void anotherFileIsRefused() throws IOException {
    byte[] file = write(List.of(vector(1)));
    assertThatThrownBy(() -> VectorFile.read(new ByteArrayInputStream(new byte[100])))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> VectorFile.read(new ByteArrayInputStream(Arrays.copyOf(file, file.length / 2))))
        .isInstanceOf(IOException.class);
  }

  @Test
  void brokenFilesAreRefusedOrRead() throws IOException {
    byte[] file = write(List.of(vector(1), vector(2), vector(3)));
    EdgeValues random = new EdgeValues(7);
    int read = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] broken = file.clone();
      for (int k = 0; k <= random.below(3); k++) {
        broken[random.below(broken.length)] = (byte) random.bits();
      }
      try {
        read += VectorFile.read(new ByteArrayInputStream(broken)).size();
      } catch (IOException refused) {
        assertThat(refused).isNotNull();
      }
    }
    assertThat(read).isNotNegative();
  }
}
