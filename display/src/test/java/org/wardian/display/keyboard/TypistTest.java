package org.wardian.display.keyboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.display.KeyReceiver;

class TypistTest {
  private static final int SHIFT = 0xffe1;
  private static final int CAPITALS = 0xffe5;

  private final List<String> keys = new ArrayList<>();
  private final KeyReceiver keyboard =
      (code, down) -> keys.add((down ? "+" : "-") + Integer.toHexString(code));
  private final Typist typist = new Typist(keyboard);

  private void tap(int symbol) {
    typist.symbol(symbol, true);
    typist.symbol(symbol, false);
  }

  private List<String> taken() {
    List<String> taken = List.copyOf(keys);
    keys.clear();
    return taken;
  }

  @Test
  void everyCharacterOfAsciiHasAKey() {
    for (int character = 0x20; character < 0x7f; character++) {
      assertThat(Keysyms.key(character)).as("%c", character).isNotNull();
      assertThat(Keysyms.key(0x01000000 + character)).as("%c", character).isNotNull();
    }
    assertThat(Keysyms.key(0xdf)).isNull();
    assertThat(Keysyms.key(0)).isNull();
    assertThat(Keysyms.key(-1)).isNull();
  }

  @Test
  void aKeyGoesDownAndUp() {
    tap('a');
    tap(0xff51);
    tap(0xff8d);
    assertThat(taken()).containsExactly("+1e", "-1e", "+14b", "-14b", "+11c", "-11c");
  }

  @Test
  void aViewerThatSendsShiftItself() {
    typist.symbol(SHIFT, true);
    tap('A');
    tap('!');
    typist.symbol(SHIFT, false);
    assertThat(taken()).containsExactly("+2a", "+1e", "-1e", "+2", "-2", "-2a");
  }

  @Test
  void shiftIsAddedAndTakenAwayAsTheUsLayoutNeeds() {
    tap('A');
    assertThat(taken()).containsExactly("+2a", "+1e", "-2a", "-1e");
    // A layout on which the slash is with shift.
    typist.symbol(0xffe2, true);
    tap('/');
    assertThat(taken()).containsExactly("+36", "-36", "+35", "+36", "-35");
  }

  @Test
  void capitalsLockIsTheViewersToo() {
    tap(CAPITALS);
    tap('A');
    tap('1');
    assertThat(taken()).containsExactly("+3a", "-3a", "+1e", "-1e", "+2", "-2");
    tap('a');
    assertThat(taken()).containsExactly("+2a", "+1e", "-2a", "-1e");
  }

  @Test
  void aKeyThatComesUpAsAnotherSymbolDoesNotStayDown() {
    typist.symbol(SHIFT, true);
    typist.symbol('/', true); // shift and seven, on a German layout
    typist.symbol(SHIFT, false);
    typist.symbol('7', false);
    assertThat(taken()).containsExactly("+2a", "-2a", "+35", "+2a", "-2a", "-35");
  }

  @Test
  void placesAreTakenAsTheyAre() {
    for (int number : new int[] {0x1e, 0x9c, 0x54, 0xc6, 0xb7, 0, 0x80, 0x100, -1, 1 << 30}) {
      typist.number(number, true);
      typist.number(number, false);
    }
    assertThat(taken())
        .containsExactly(
            "+1e", "-1e", "+11c", "-11c", "+137", "-137", "+145", "-145", "+137", "-137");
  }

  @Test
  void unknownSymbolsAreIgnored() {
    tap(0xdf);
    tap(0x10081234);
    typist.symbol('x', false);
    assertThat(taken()).isEmpty();
  }

  @Test
  void whoLeavesLetsGo() {
    typist.symbol(SHIFT, true);
    typist.number(0x9d, true);
    typist.symbol('c', true);
    taken();
    typist.close();
    assertThat(taken()).containsExactlyInAnyOrder("-2a", "-11d", "-2e");
  }
}
