package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.display.PointerReceiver;

class Ps2DevicesTest {
  private static final int MODE_UNTRANSLATED = 0x07;
  private static final int MODE_TRANSLATED = 0x47;

  private final PcDevices pc = new PcDevices();

  @AfterEach
  void close() {
    pc.close();
  }

  @BeforeEach
  void mode() {
    mode(MODE_TRANSLATED);
  }

  private void mode(int value) {
    pc.out(0x64, 0x60);
    pc.out(0x60, value);
  }

  private List<Integer> drain() {
    List<Integer> bytes = new ArrayList<>();
    while ((pc.in(0x64) & 1) != 0) {
      bytes.add(pc.in(0x60));
    }
    return bytes;
  }

  private List<Integer> keyboard(int... bytes) {
    for (int value : bytes) {
      pc.out(0x60, value);
    }
    return drain();
  }

  private List<Integer> mouse(int... bytes) {
    List<Integer> answers = new ArrayList<>();
    for (int value : bytes) {
      pc.out(0x64, 0xd4);
      pc.out(0x60, value);
      assertThat(pc.in(0x64) & 0x20).as("from the mouse").isEqualTo(0x20);
      answers.addAll(drain());
    }
    return answers;
  }

  private void type(int code) {
    pc.keyboard.keys().key(code, true);
    pc.keyboard.keys().key(code, false);
  }

  @Test
  void keysComeInSetOneByTranslation() {
    type(0x1e);
    assertThat(pc.lines[1].level).isTrue();
    assertThat(drain()).containsExactly(0x1e, 0x9e);
    assertThat(pc.lines[1].level).isFalse();
    type(0x148);
    assertThat(drain()).containsExactly(0xe0, 0x48, 0xe0, 0xc8);
  }

  @Test
  void everyKeyIsTranslatedBackToItself() {
    for (int code = 1; code <= 0x58; code++) {
      if (code == 0x55 || code == 0x56 || ScanCodes.toSet2(code) == 0) {
        continue;
      }
      type(code);
      assertThat(drain()).as("0x%x", code).containsExactly(code, code | 0x80);
    }
  }

  @Test
  void keysComeInSetTwoWithoutTranslation() {
    mode(MODE_UNTRANSLATED);
    type(0x1e);
    assertThat(drain()).containsExactly(0x1c, 0xf0, 0x1c);
    type(0x145);
    assertThat(drain()).containsExactly(0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    type(0x137);
    assertThat(drain()).containsExactly(0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12);
  }

  @Test
  void heldKeysRepeat() {
    pc.keyboard.keys().key(0x1e, true);
    assertThat(drain()).containsExactly(0x1e);
    pc.timers.advance(499_000_000);
    assertThat(drain()).isEmpty();
    pc.timers.advance(200_000_000);
    assertThat(drain()).hasSizeBetween(2, 4).containsOnly(0x1e);
    pc.keyboard.keys().key(0x1e, false);
    assertThat(drain()).containsExactly(0x9e);
    pc.timers.advance(1_000_000_000);
    assertThat(drain()).isEmpty();
  }

  @Test
  void theKeyboardAnswersCommands() {
    mode(MODE_UNTRANSLATED);
    assertThat(keyboard(0xff)).containsExactly(0xfa, 0xaa);
    assertThat(keyboard(0xf2)).containsExactly(0xfa, 0xab, 0x83);
    assertThat(keyboard(0xed)).containsExactly(0xfa);
    assertThat(keyboard(0x05)).containsExactly(0xfa);
    assertThat(pc.keyboard.lights()).isEqualTo(5);
    assertThat(keyboard(0xee)).containsExactly(0xee);
    assertThat(keyboard(0xf0)).containsExactly(0xfa);
    assertThat(keyboard(0x00)).containsExactly(0xfa, 2);
    assertThat(keyboard(0xf5)).containsExactly(0xfa);
    type(0x1e);
    assertThat(drain()).as("disabled").isEmpty();
    assertThat(keyboard(0xf4)).containsExactly(0xfa);
    assertThat(keyboard(0x01)).containsExactly(0xfe);
  }

  @Test
  void theMouseReportsMovement() {
    assertThat(mouse(0xff)).containsExactly(0xfa, 0xaa, 0);
    assertThat(mouse(0xf2)).containsExactly(0xfa, 0);
    assertThat(mouse(0xf4)).containsExactly(0xfa);
    PointerReceiver pointer = pc.keyboard.pointer();
    pointer.pointer(100, 100, 640, 480, 0, 0);
    assertThat(drain()).as("where it starts").isEmpty();
    pointer.pointer(110, 95, 640, 480, PointerReceiver.RIGHT, 0);
    assertThat(pc.lines[12].level).isTrue();
    assertThat(drain()).containsExactly(0x0a, 10, 5);
    pointer.pointer(90, 100, 640, 480, 0, 0);
    assertThat(drain()).containsExactly(0x38, 256 - 20, 256 - 5);
    pointer.pointer(600, 100, 640, 480, 0, 0);
    assertThat(drain()).as("in two steps").containsExactly(8, 255, 0, 8, 255, 0);
  }

  @Test
  void knockingTurnsTheWheelOn() {
    mouse(0xff, 0xf3, 200, 0xf3, 100, 0xf3, 80);
    assertThat(mouse(0xf2)).containsExactly(0xfa, 3);
    mouse(0xf4);
    pc.keyboard.pointer().pointer(1, 1, 640, 480, 0, 0);
    pc.keyboard.pointer().pointer(1, 1, 640, 480, PointerReceiver.MIDDLE, -2);
    assertThat(drain()).containsExactly(0x0c, 0, 0, 0xfe);
    mouse(0xf3, 200, 0xf3, 200, 0xf3, 80);
    assertThat(mouse(0xf2)).containsExactly(0xfa, 4);
  }

  @Test
  void theControllerKnowsBothPorts() {
    pc.out(0x64, 0xa9);
    assertThat(drain()).containsExactly(0);
    pc.out(0x64, 0xa7);
    pc.out(0x64, 0x20);
    assertThat(drain()).containsExactly(MODE_TRANSLATED | 0x20);
    pc.out(0x64, 0xd3);
    pc.out(0x60, 0x5a);
    assertThat(pc.in(0x64) & 0x21).isEqualTo(0x21);
    assertThat(drain()).containsExactly(0x5a);
  }
}
