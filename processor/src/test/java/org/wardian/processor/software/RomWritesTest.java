package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.processor.Exit;
import org.wardian.processor.software.SoftwareGuest.Window;

/** A guest's writes to ROM go to the MMIO bus, and leave the ROM as it is. */
class RomWritesTest {
  private static final long ROM = 0x1000_0000L;
  private static final long CONTENT = 0x1122_3344_5566_7788L;

  private final SoftwareGuest guest = new SoftwareGuest();
  private final Window flash = new Window(0x80);
  private Region rom;

  RomWritesTest() {
    guest.mmio.map(ROM, 0x10000, flash);
    add();
  }

  private void add() {
    rom = guest.memory.addRegion(ROM, 0x10000, false, "rom");
    guest.put(ROM, CONTENT);
    guest.put(ROM + 8, CONTENT);
  }

  @AfterEach
  void close() {
    guest.close();
  }

  private void run(String hex) {
    guest.start(hex);
    guest.gpr(SoftwareGuest.RDI, ROM);
    guest.gpr(SoftwareGuest.RAX, 0x0807060504030201L);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
    assertThat(guest.get(ROM)).isEqualTo(CONTENT);
    assertThat(guest.get(ROM + 8)).isEqualTo(CONTENT);
  }

  @Test
  void eachWidthIsOneAccess() {
    // mov [rdi+1],al; mov [rdi+2],ax; mov [rdi+4],eax; mov [rdi+8],rax; movups [rdi+10h],xmm0;
    // mov rbx,[rdi+8]
    run("88470166894702894704488947080f114710488b5f08f4");

    assertThat(flash.seen)
        .containsExactly(
            "w1 1=1", "w2 2=201", "w4 4=4030201", "w8 8=807060504030201", "w8 10=0", "w8 18=0");
    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(CONTENT);
  }

  @Test
  void aReadModifyWriteReadsTheRom() {
    // mov rbx,[rdi]; add dword [rdi],5; xchg [rdi+8],al
    run("488b1f830705864708f4");

    assertThat(flash.seen).containsExactly("w4 0=5566778d", "w1 8=1");
    assertThat(guest.gpr(SoftwareGuest.RAX) & 0xff).isEqualTo(0x88);
  }

  @Test
  void aStringGoesElementByElement() {
    run("b903000000f3abf4"); // mov ecx,3; rep stosd
    assertThat(flash.seen).containsExactly("w4 0=4030201", "w4 4=4030201", "w4 8=4030201");
  }

  @Test
  void aStackInRomIsWrittenOnTheBus() {
    guest.start("50f4"); // push rax
    guest.gpr(SoftwareGuest.RSP, ROM + 0x2000);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
    assertThat(flash.seen).containsExactly("w8 1ff8=0");
  }

  @Test
  void anAccessThatCrossesFromRamIsWrittenInBoth() {
    guest.memory.addRegion(ROM - 0x1000, 0x1000, true, "ram below");
    run("488947fcf4"); // mov [rdi-4],rax
    assertThat(flash.seen).containsExactly("w1 0=5", "w1 1=6", "w1 2=7", "w1 3=8");
    assertThat(guest.get(ROM - 8)).isEqualTo(0x0403020100000000L);
  }

  @Test
  void aWriteIsNotDirty() {
    guest.start("488907f4"); // mov [rdi],rax
    guest.gpr(SoftwareGuest.RDI, ROM);
    guest.memory.startDirtyLog();
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
    int[] calls = new int[1];
    guest.memory.collectDirty((region, bitmap) -> calls[0]++);
    assertThat(calls[0]).isZero();
  }

  @Test
  void aFlashDeviceTurnsIntoRegistersAndBack() {
    // mov al,[rdi]; mov byte [rdi],70h; mov bl,[rdi]; mov byte [rdi],0ffh; mov cl,[rdi]
    guest.start("8a07c607708a1fc607ff8a0ff4");
    guest.gpr(SoftwareGuest.RDI, ROM);
    // The first command hides the array, the second, two accesses later, shows it again.
    flash.at(
        1,
        () -> {
          guest.memory.removeRegion(rom);
          flash.at(2, this::add);
        });
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(flash.seen).containsExactly("w1 0=70", "r1 0", "w1 0=ff");
    assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(0x88);
    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(0x80);
    assertThat(guest.gpr(SoftwareGuest.RCX)).isEqualTo(0x88);
  }

  @Test
  void accessedBitsOfTablesInRomStayAsTheyAre() {
    guest.put(SoftwareGuest.TABLES + 0x1008, SoftwareGuest.FREE_TABLES | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES, ROM | 0x23);
    guest.put(ROM, SoftwareGuest.DATA | 3);
    guest.put(SoftwareGuest.DATA, 42);
    guest.start("488b1f48890ff4"); // mov rbx,[rdi]; mov [rdi],rcx
    guest.gpr(SoftwareGuest.RDI, 1 << 30);
    guest.gpr(SoftwareGuest.RCX, 43);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(42);
    assertThat(guest.get(SoftwareGuest.DATA)).isEqualTo(43);
    assertThat(guest.get(ROM)).isEqualTo(SoftwareGuest.DATA | 3);
    assertThat(flash.seen).isEmpty();
  }
}
