package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IoBusTest {
  private final IoBus ports = IoBus.ports();
  private final IoBus memory = IoBus.mmio();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void unclaimedReadsAreAllOnes(int size) {
    long ones = -1L >>> (64 - 8 * size);
    assertThat(ports.read(0x3f8, size)).isEqualTo(ones);
    assertThat(memory.read(0xfee00000L, size)).isEqualTo(ones);
    assertThat(memory.read(-1, size)).isEqualTo(ones);
    ports.write(0x3f8, size, 0);
    memory.write(-1, size, 0);
  }

  @Test
  void offsetsAreRelativeToTheWindow() {
    RecordingHandler handler = new RecordingHandler(8);
    memory.map(0xfec00000L, 0x1000, handler);
    assertThat(memory.read(0xfec00010L, 4)).isEqualTo(0x13121110L);
    memory.write(0xfec00ff8L, 8, -1);
    assertThat(handler.accesses).containsExactly("r4@16", "w8@4088=ffffffffffffffff");
  }

  @Test
  void valuesAreCutToTheSizeOfTheAccess() {
    RecordingHandler handler = new RecordingHandler(8);
    ports.map(0x80, 8, handler);
    ports.write(0x80, 1, 0x1234);
    IoBus signed = IoBus.ports();
    signed.map(
        0,
        4,
        new IoHandler() {
          @Override
          public long read(long offset, int size) {
            return -1;
          }

          @Override
          public void write(long offset, int size, long value) {}
        });
    assertThat(handler.accesses).containsExactly("w1@0=34");
    assertThat(signed.read(0, 2)).isEqualTo(0xffff);
  }

  @Test
  void accessesWiderThanTheHandlerAreSplitLowAddressFirst() {
    RecordingHandler bytes = new RecordingHandler(1);
    ports.map(0x40, 4, bytes);
    assertThat(ports.read(0x40, 4)).isEqualTo(0x03020100);
    ports.write(0x42, 2, 0xbbaa);
    assertThat(bytes.accesses)
        .containsExactly("r1@0", "r1@1", "r1@2", "r1@3", "w1@2=aa", "w1@3=bb");
  }

  @Test
  void splitPiecesAreNaturallyAligned() {
    RecordingHandler words = new RecordingHandler(4);
    memory.map(0x1000, 0x100, words);
    memory.write(0x1002, 8, 0x8877665544332211L);
    assertThat(words.accesses).containsExactly("w2@2=2211", "w4@4=66554433", "w2@8=8877");
  }

  @Test
  void accessesAcrossWindowsReachEachAndTheGapReadsOnes() {
    RecordingHandler low = new RecordingHandler(8);
    RecordingHandler high = new RecordingHandler(8);
    memory.map(0x1000, 0x10, low);
    memory.map(0x1012, 0x10, high);
    assertThat(memory.read(0x100e, 8)).isEqualTo(0x03020100_ffff0f0eL);
    assertThat(low.accesses).containsExactly("r2@14");
    assertThat(high.accesses).containsExactly("r2@0", "r2@2");
  }

  @Test
  void portsEndAt64Ki() {
    RecordingHandler handler = new RecordingHandler(8);
    ports.map(0xfffe, 2, handler);
    assertThat(ports.read(0xfffe, 4)).isEqualTo(0xffff0100L);
    assertThat(ports.read(0x1_fffeL, 1)).isEqualTo(0xff);
    assertThatThrownBy(() -> ports.map(0xfffe, 4, new RecordingHandler(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void overlapIsRefusedNamingBothWindows() {
    ports.map(0x3f8, 8, new RecordingHandler(1));
    assertThatThrownBy(() -> ports.map(0x3f0, 9, new RecordingHandler(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0x3f0-0x3f8 (RecordingHandler)")
        .hasMessageContaining("0x3f8-0x3ff (RecordingHandler)");
    assertThat(ports.windows()).hasSize(1);
    assertThat(ports.read(0x3f0, 1)).isEqualTo(0xff);
  }

  @Test
  void emptyAndWrappingWindowsAreRefused() {
    IoHandler handler = new RecordingHandler(1);
    assertThatThrownBy(() -> memory.map(0, 0, handler)).hasMessageContaining("empty or wraps");
    assertThatThrownBy(() -> memory.map(-16, 17, handler)).hasMessageContaining("empty or wraps");
    memory.map(-16, 16, handler);
    assertThat(memory.read(-1, 1)).isEqualTo(15);
  }

  @Test
  void handlersOfAnImpossibleWidthAreRefused() {
    assertThatThrownBy(() -> memory.map(0, 16, new RecordingHandler(3)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void windowsAreListedInOrderOfUnsignedAddress() {
    IoHandler handler = new RecordingHandler(1);
    memory.map(-4096, 16, handler);
    memory.map(0x5000, 16, handler);
    memory.map(0x1000, 16, handler);
    assertThat(memory.windows())
        .extracting(IoBus.Window::base)
        .isEqualTo(List.of(0x1000L, 0x5000L, -4096L));
    assertThat(memory.windows().getFirst()).hasToString("window 0x1000-0x100f (RecordingHandler)");
  }
}
