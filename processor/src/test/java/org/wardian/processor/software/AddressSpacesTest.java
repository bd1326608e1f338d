package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * Two address spaces with process-context identifiers: what a write to CR3 keeps may be used again,
 * and what was invalidated meanwhile may not.
 */
class AddressSpacesTest {
  private static final long FIRST = SoftwareGuest.TABLES;
  private static final long SECOND = SoftwareGuest.FREE_TABLES;

  /** Tables of the last level, for addresses from {@link #LINEAR} on. */
  private static final long FIRST_LEAVES = SECOND + 0x3000;

  private static final long SECOND_LEAVES = SECOND + 0x4000;

  /** Mapped differently in each. */
  private static final long LINEAR = 0x60_0000;

  private static final long PAGES = 0x50_0000;
  private static final long RESULTS = SoftwareGuest.DATA + 0x1000;
  private static final long KEEP = 1L << 63;
  private static final long A = FIRST | 1;
  private static final long B = SECOND | 2;

  private final SoftwareGuest guest = new SoftwareGuest();
  private final StringBuilder program = new StringBuilder();
  private final List<Runnable> actions = new ArrayList<>();
  private int done;

  @BeforeEach
  void map() {
    guest.put(SECOND, SECOND + 0x1000 | 0x23);
    guest.put(SECOND + 0x1000, SECOND + 0x2000 | 0x23);
    for (int i = 0; i < 3; i++) {
      guest.put(SECOND + 0x2000 + 8 * i, (long) i << 21 | 0xe3);
    }
    guest.put(FIRST + 0x2000 + 8 * 3, FIRST_LEAVES | 0x23);
    guest.put(SECOND + 0x2000 + 8 * 3, SECOND_LEAVES | 0x23);
    for (int page = 0; page < 8; page++) {
      leaf(FIRST_LEAVES, page, page);
      leaf(SECOND_LEAVES, page, page + 8);
    }
    for (int page = 0; page < 16; page++) {
      guest.put(PAGES + page * 0x1000, page);
      // mov eax,page; ret
      guest.code(PAGES + page * 0x1000 + 0x100, "b8%02x000000c3".formatted(page));
    }
    guest.onPort(() -> actions.get(done++).run());
  }

  @AfterEach
  void close() {
    guest.close();
  }

  private void leaf(long table, int index, int page) {
    guest.put(table + 8 * index, PAGES + page * 0x1000 | 0x63);
  }

  private static String little(long value) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      text.append("%02x".formatted(value >>> 8 * i & 0xff));
    }
    return text.toString();
  }

  /** mov rax,..; mov cr3,rax. */
  private AddressSpacesTest enter(long root) {
    program.append("48b8").append(little(root)).append("0f22d8");
    return this;
  }

  /** mov rbx,[..]; mov [rsi],rbx; add rsi,8. */
  private AddressSpacesTest read(int page) {
    program.append("48bd").append(little(LINEAR + page * 0x1000)).append("488b5d00");
    program.append("48891e4883c608");
    return this;
  }

  /** Stores a byte. */
  private AddressSpacesTest write(long linear, int value) {
    program.append("48bd").append(little(linear)).append("c64500%02x".formatted(value));
    return this;
  }

  /** Calls what is at the page, for its number. */
  private AddressSpacesTest call(int page) {
    program.append("48bd").append(little(LINEAR + page * 0x1000 + 0x100)).append("ffd5");
    program.append("4889064883c608");
    return this;
  }

  private AddressSpacesTest invalidate(int page) {
    program.append("48bd").append(little(LINEAR + page * 0x1000)).append("0f017d00");
    return this;
  }

  /** INVPCID of {@code type} for an identifier. */
  private AddressSpacesTest invalidate(int type, int identifier, int page) {
    program.append("48b8").append(little(LINEAR + page * 0x1000)).append("50");
    program.append("6a%02x".formatted(identifier)).append("b8%02x000000".formatted(type));
    program.append("660f38820424").append("4883c410");
    return this;
  }

  /** Has the test do something in the middle. */
  private AddressSpacesTest then(Runnable action) {
    actions.add(action);
    program.append("ee");
    return this;
  }

  private void expect(boolean translated, long... values) {
    SoftwareVcpu vcpu = guest.add(translated);
    guest.code(SoftwareGuest.CODE, program + "f4");
    guest.start(vcpu, SoftwareGuest.CODE);
    RawMemory.putLong(vcpu.state + StateLayout.CR4, 0x620 | 1 << 17);
    RawMemory.putLong(vcpu.state + StateLayout.GPR + 8 * SoftwareGuest.RSI, RESULTS);
    vcpu.stateChanged();
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);
    long[] found = new long[values.length];
    for (int n = 0; n < values.length; n++) {
      found[n] = guest.get(RESULTS + 8 * n);
    }
    assertThat(found).containsExactly(values);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void eachHasItsOwn(boolean translated) {
    enter(A).read(0).call(1).enter(B).read(0).call(1);
    for (int n = 0; n < 3; n++) {
      enter(A | KEEP).read(0).call(1).enter(B | KEEP).read(0).call(1);
    }
    expect(translated, 0, 1, 8, 9, 0, 1, 8, 9, 0, 1, 8, 9, 0, 1, 8, 9);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWriteThatDoesNotKeepForgets(boolean translated) {
    enter(A).read(0).call(1).enter(B).read(0);
    then(() -> leaf(FIRST_LEAVES, 0, 4));
    then(() -> leaf(FIRST_LEAVES, 1, 5));
    enter(A).read(0).call(1).enter(B | KEEP).read(0).enter(A | KEEP).read(0).call(1);
    expect(translated, 0, 1, 8, 4, 5, 8, 4, 5);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onePageIsForgottenInTheCurrentOne(boolean translated) {
    enter(A).read(0).call(1).enter(B).read(0).call(1).enter(A | KEEP).read(0).call(1);
    then(() -> leaf(FIRST_LEAVES, 0, 4)).invalidate(0);
    then(() -> leaf(FIRST_LEAVES, 1, 5)).invalidate(1).read(0).call(1);
    enter(B | KEEP).read(0).call(1).enter(A | KEEP).read(0).call(1);
    expect(translated, 0, 1, 8, 9, 0, 1, 4, 5, 8, 9, 4, 5);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anotherOneIsForgottenByItsIdentifier(boolean translated) {
    enter(A).read(0).call(1).enter(B).read(0);
    then(() -> leaf(FIRST_LEAVES, 0, 4));
    then(() -> leaf(FIRST_LEAVES, 1, 5));
    invalidate(1, 1, 0).enter(A | KEEP).read(0).call(1).enter(B | KEEP).read(0);
    then(() -> leaf(FIRST_LEAVES, 0, 6)).invalidate(0, 1, 0).enter(A | KEEP).read(0);
    expect(translated, 0, 1, 8, 4, 5, 8, 6);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anIdentifierMayPassToOtherTables(boolean translated) {
    enter(A).read(0).enter(SECOND | 1).read(0).enter(A).read(0);
    enter(B).read(0).enter(SECOND | 1).read(0).enter(FIRST | 2).read(0);
    expect(translated, 0, 8, 0, 8, 8, 0);
  }

  /** A page becomes code while an address space that may store to it is away. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void storesToCodeAreSeen(boolean translated) {
    then(() -> leaf(SECOND_LEAVES, 2, 3));
    enter(A).write(LINEAR + 0x3000 + 0x800, 1).enter(B).call(2).enter(A | KEEP);
    write(LINEAR + 0x3000 + 0x101, 0x55).enter(B | KEEP).call(2);
    expect(translated, 3, 0x55);
  }

  /** More than there is room for. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void manyIdentifiers(boolean translated) {
    List<Long> expected = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      for (int n = 3; n < 15; n++) {
        boolean first = n % 2 == 0;
        enter((first ? FIRST : SECOND) | n | (round == 0 ? 0 : KEEP)).read(n % 8);
        expected.add((long) n % 8 + (first ? 0 : 8));
      }
    }
    expect(translated, expected.stream().mapToLong(Long::longValue).toArray());
  }
}
