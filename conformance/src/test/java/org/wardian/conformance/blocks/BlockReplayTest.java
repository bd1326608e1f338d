package org.wardian.conformance.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.x86.CpuModel;

/** Blocks of a dump can be executed again. */
class BlockReplayTest {
  private static final String ZEROES = "0,".repeat(15) + "0";
  private static final String VECTORS = "0:0,".repeat(15) + "0:0";

  // mov rax,[rsi]; cmp [rdi],rax; jne +17
  private static final String BLOCK =
      "reproduce rip=ffffffff819b8b92 kernel=true code=488b064839077517 gpr="
          + "3e8,64,c,40000200,3112320,311232c,311232c,ffffffff822cda14,0,0,0,0,0,0,0,0"
          + " flags=246 fs=0 gs=ffff888000000000 mxcsr=1f80 fcw=37f xmm=1:2,"
          + "0:0,".repeat(14)
          + "0:0";

  @Test
  void aBlockKeepsItsPlaceInThePage() {
    BlockCase block = BlockReplay.parse(BLOCK, CpuModel.standard());
    assertThat(block.rip() & 0xfff).isEqualTo(0xb92);
    assertThat(block.items).hasSize(3);
    assertThat(block.states.getFirst().gpr[7]).isEqualTo(0xffff_ffff_822c_da14L);
    assertThat(block.states.getFirst().vector[0]).isEqualTo(2);
    assertThat(block.states.getLast().gpr[7]).isEqualTo(block.origin + BlockLayout.DATA + 0xa14);
    assertThat(block.states.getLast().gpr[0]).isEqualTo(0x3e8);
  }

  @Test
  void bothWaysAgree() {
    ByteArrayOutputStream report = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(report, true, StandardCharsets.UTF_8);
    assertThat(BlockReplay.replay(List.of("block 1", BLOCK, ""), out)).isZero();
    assertThat(report.toString(StandardCharsets.UTF_8)).contains("jne", "no difference");
  }

  @Test
  void whatIsNoBlockIsRefused() {
    for (String line :
        List.of(
            "reproduce rip",
            "reproduce rip=1",
            "reproduce rip=x kernel=true code=90 gpr=" + ZEROES + " xmm=" + VECTORS,
            "reproduce rip=0 kernel=true code=0f gpr=" + ZEROES + " xmm=" + VECTORS,
            "reproduce rip=0 kernel=true code=90 gpr=0 xmm=" + VECTORS)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BlockReplay.parse(line, CpuModel.standard()));
    }
  }
}
