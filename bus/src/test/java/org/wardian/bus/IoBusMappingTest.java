package org.wardian.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IoBusMappingTest {
  private enum Kind {
    PORTS,
    MMIO;

    IoBus bus() {
      return this == PORTS ? IoBus.ports() : IoBus.mmio();
    }
  }

  @ParameterizedTest
  @EnumSource
  void unmappedWindowsAnswerNoMore(Kind kind) {
    IoBus bus = kind.bus();
    IoBus.Mapping mapping = bus.map(0xc000, 0x20, new RecordingHandler(8));
    assertThat(bus.read(0xc001, 1)).isEqualTo(1);
    mapping.unmap();
    mapping.unmap();
    assertThat(bus.read(0xc001, 1)).isEqualTo(0xff);
    assertThat(bus.windows()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void movedWindowsAnswerAtTheirNewPlaceOnly(Kind kind) {
    IoBus bus = kind.bus();
    IoBus.Mapping mapping = bus.map(0xc000, 0x20, new RecordingHandler(8));
    bus.read(0xc000, 1);
    mapping.move(0xc010); // overlaps its old place
    assertThat(bus.read(0xc00f, 1)).isEqualTo(0xff);
    assertThat(bus.read(0xc011, 1)).isEqualTo(1);
    assertThat(mapping.base()).isEqualTo(0xc010);
    assertThat(mapping.length()).isEqualTo(0x20);
  }

  @ParameterizedTest
  @EnumSource
  void aMoveOntoAnotherWindowChangesNothing(Kind kind) {
    IoBus bus = kind.bus();
    bus.map(0xd000, 0x20, new RecordingHandler(8));
    IoBus.Mapping mapping = bus.map(0xc000, 0x20, new RecordingHandler(8));
    assertThatThrownBy(() -> mapping.move(0xcff0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(mapping.base()).isEqualTo(0xc000);
    assertThat(bus.read(0xc001, 1)).isEqualTo(1);
    assertThat(bus.read(0xd002, 1)).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void aMoveMapsAnUnmappedWindowAgain(Kind kind) {
    IoBus bus = kind.bus();
    IoBus.Mapping mapping = bus.map(0xc000, 0x20, new RecordingHandler(8));
    mapping.unmap();
    mapping.move(0xe000);
    assertThat(bus.read(0xe003, 1)).isEqualTo(3);
  }
}
