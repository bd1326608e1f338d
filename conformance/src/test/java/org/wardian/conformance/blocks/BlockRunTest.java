package org.wardian.conformance.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.wardian.x86.CpuModel;

/** A short run of blocks, interpreted and translated. */
class BlockRunTest {
  private static final int BLOCKS = Integer.getInteger("wardian.fuzz.iterations", 5_000);

  @Test
  void translatedBlocksEndAsInterpretedOnesDo() {
    ByteArrayOutputStream report = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(report, true, StandardCharsets.UTF_8);
    int failures = BlockRun.run(20_000, BLOCKS, out);
    assertThat(failures).as(report.toString(StandardCharsets.UTF_8)).isZero();
  }

  @Test
  void theSameSeedGivesTheSameBlock() {
    CpuModel model = CpuModel.standard();
    BlockCase once = new BlockGenerator(model, true, true).next(77);
    BlockGenerator other = new BlockGenerator(model, true, true);
    other.next(76);
    BlockCase again = other.next(77);
    assertThat(again.code).isEqualTo(once.code);
    assertThat(again.states.getFirst().gpr).isEqualTo(once.states.getFirst().gpr);
  }

  @Test
  void noBlockReadsUndefinedFlags() {
    BlockGenerator generator = new BlockGenerator(CpuModel.standard(), true, true);
    for (int seed = 1; seed <= 500; seed++) {
      assertThat(new FlagFlow(generator.next(seed)).violation).isEqualTo(-1);
    }
  }
}
