package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/** Every way in which a guest writes reaches the dirty log, and nothing else does. */
class DirtyStoresTest {
  private static final long FUNCTION = SoftwareGuest.DATA + 0x1000;

  private final SoftwareGuest guest = new SoftwareGuest();

  @AfterEach
  void close() {
    guest.close();
  }

  /** Numbers of the pages that the collection reports, relative to {@link SoftwareGuest#DATA}. */
  private Set<Integer> collect() {
    Set<Integer> pages = new TreeSet<>();
    guest.memory.collectDirty((region, bitmap) -> {
      for (int page = 0; page < bitmap.length * 64; page++) {
        if ((bitmap[page >> 6] >>> page & 1) != 0) {
          pages.add((int) (region.base() - SoftwareGuest.DATA >> 12) + page);
        }
      }
    });
    return pages;
  }

  private Exit run() {
    guest.start(guest.vcpu, SoftwareGuest.CODE);
    return guest.vcpu.run();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mov [rdi], al                | 8807                 | 0
          mov [rdi+fff], al            | 8887ff0f0000         | 0
          mov [rdi+10], ax             | 66894710             | 0
          mov [rdi+fff], ax            | 668987ff0f0000       | 0 1
          mov [rdi], eax               | 8907                 | 0
          mov [rdi+ffd], eax           | 8987fd0f0000         | 0 1
          mov [rdi+ff8], rax           | 488987f80f0000       | 0
          mov [rdi+ff9], rax           | 488987f90f0000       | 0 1
          mov qword [rdi], -1          | 48c707ffffffff       | 0
          movups [rdi], xmm0           | 0f1107               | 0
          movups [rdi+ff8], xmm0       | 0f1187f80f0000       | 0 1
          movntdq [rdi], xmm0          | 660fe707             | 0
          movss [rdi+ffe], xmm0        | f30f1187fe0f0000     | 0 1
          add [rdi], rax               | 480107               | 0
          lock add dword [rdi+ffe], 1  | f08387fe0f000001     | 0 1
          inc byte [rdi]               | fe07                 | 0
          not word [rdi+fff]           | 66f797ff0f0000       | 0 1
          xchg [rdi], rax              | 488707               | 0
          xadd [rdi], eax              | 0fc107               | 0
          cmpxchg [rdi], rbx           | 480fb11f             | 0
          cmpxchg16b [rdi]             | 480fc70f             | 0
          bts dword [rdi], 9           | 0fba2f09             | 0
          shl qword [rdi], 3           | 48c12703             | 0
          sete [rdi+fff]               | 0f9487ff0f0000       | 0
          movnti [rdi], rax            | 480fc307             | 0
          push rax                     | 50                   | 7
          push qword [rdi]             | ff37                 | 7
          pushfq                       | 9c                   | 7
          enter 16, 0                  | c8100000             | 7
          call                         | e800000000           | 7
          pop qword [rdi]              | 8f07                 | 0
          fnstcw [rdi+fff]             | d9bfff0f0000         | 0 1
          fxsave64 [rdi+f00]           | 480fae87000f0000     | 0 1
          sgdt [rdi+ffa]               | 0f0187fa0f0000       | 0 1
          stosq                        | 48ab                 | 0
          movsw                        | 66a5                 | 0
          fninit; fldz; fstp [rdi+ffc]  | dbe3d9eedbbffc0f0000 | 0 1
          rep stosq, 400 from 800      | b9000400004881c700080000f348ab       | 0 1 2
          rep movsb, 3000 to 10        | b9003000004883c710f3a4               | 0 1 2 3
          std; rep stosb 801 from 1800 | fdb9010800004881c700180000f3aafc     | 1
          rep movsq 300, overlapping   | b900030000488d374883c708f348a5       | 0 1
          mov rax, [rdi]               | 488b07               |
          cmp [rdi], rax               | 483907               |
          """)
  void aStoreIsLoggedAndThatAgainAfterACollection(String name, String hex, String pages) {
    Set<Integer> expected = new TreeSet<>();
    for (String page : pages == null ? new String[0] : pages.split(" ")) {
      expected.add(Integer.parseInt(page));
    }
    // mov edi,DATA; mov esi,DATA+100000h; mov esp,STACK; xor edx,edx; the instruction; out dx,al
    String once = "bf00002000be00003000bc0080200031d2" + hex + "ee";
    List<Set<Integer>> found = new ArrayList<>();
    guest.onPort(() -> found.add(collect()));
    guest.code(SoftwareGuest.CODE, once + once + once + "f4");
    guest.memory.startDirtyLog();

    assertThat(run()).isEqualTo(Exit.HALTED);
    assertThat(found).containsExactly(expected, expected, expected);
    assertThat(collect()).isEmpty();
  }

  @Test
  void aLogThatStartsInTheMiddleSeesWhatFollows() {
    guest.onPort(guest.memory::startDirtyLog);
    // mov [rdi],rax; mov [rdi+1000h],rax; out dx,al; mov [rdi],rax
    assertThat(guest.run("48890748898700100000ee488907f4")).isEqualTo(Exit.HALTED);
    assertThat(collect()).containsExactly(0);
  }

  @Test
  void accessedAndDirtyBitsAreWrites() {
    // 1 GiB + 0 by a 4 KiB page, nothing accessed yet.
    long directory = SoftwareGuest.FREE_TABLES;
    long table = directory + 0x1000;
    guest.put(SoftwareGuest.TABLES + 0x1008, directory | 3);
    guest.put(directory, table | 3);
    guest.put(table, SoftwareGuest.DATA + 0x5000 | 3);
    guest.code(SoftwareGuest.CODE, "488b07f4"); // mov rax,[rdi]
    guest.code(SoftwareGuest.CODE + 0x100, "488907f4"); // mov [rdi],rax
    int first = (int) (SoftwareGuest.TABLES - SoftwareGuest.DATA >> 12);
    guest.memory.startDirtyLog();

    at(SoftwareGuest.CODE);
    assertThat(collect()).containsExactly(first + 1, first + 3, first + 4);
    at(SoftwareGuest.CODE);
    assertThat(collect()).isEmpty();
    at(SoftwareGuest.CODE + 0x100);
    assertThat(collect()).containsExactly(first + 4, 5);
    at(SoftwareGuest.CODE + 0x100);
    assertThat(collect()).containsExactly(5);
    assertThat(guest.get(table) & 0x60).isEqualTo(0x60);
  }

  private void at(long rip) {
    guest.start(guest.vcpu, rip);
    guest.gpr(SoftwareGuest.RDI, 1 << 30);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
  }

  @Test
  void theAccessedBitOfADescriptorIsAWrite() {
    guest.put(SoftwareGuest.DATA + 8, 0x00cf_9200_0000_ffffL);
    guest.start("b8080000008ed8f4"); // mov ds,8
    RawMemory.putLong(guest.vcpu.state() + StateLayout.GDTR_BASE, SoftwareGuest.DATA);
    guest.vcpu.stateChanged();
    guest.memory.startDirtyLog();

    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
    assertThat(collect()).containsExactly(0);
    assertThat(guest.get(SoftwareGuest.DATA + 8)).isEqualTo(0x00cf_9300_0000_ffffL);
  }

  @Test
  void theParavirtualClockIsAWrite() {
    // wrmsr MSR_KVM_SYSTEM_TIME_NEW, 300001h
    guest.start("b9014d564bb80100300031d20f30f4");
    guest.memory.startDirtyLog();

    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
    assertThat(collect()).containsExactly(0x100);
  }

  @Test
  void aPageThatHoldsCodeAndIsCleanIsBoth() {
    guest.code(FUNCTION, "b801000000c3"); // mov eax,1; ret
    // call rdi; mov ebx,eax; mov [rdi+1],esi; call rdi; mov [rdi+800h],eax; hlt
    guest.code(SoftwareGuest.CODE, "ffd789c3897701ffd7898700080000f4");
    guest.memory.startDirtyLog();
    for (int round = 2; round < 10; round++) {
      guest.start(guest.vcpu, SoftwareGuest.CODE);
      guest.gpr(SoftwareGuest.RDI, FUNCTION);
      guest.gpr(SoftwareGuest.RSI, round);
      assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

      assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(round - 1);
      assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(round);
      assertThat(collect()).containsExactly(1, 7);
    }
  }

  @Test
  void dataBesideCodeIsLoggedEachTime() {
    // call rdi; mov [rdi+800h],eax: the code stays as it is
    guest.code(FUNCTION, "b801000000c3");
    guest.code(SoftwareGuest.CODE, "ffd7898700080000f4");
    guest.memory.startDirtyLog();
    for (int round = 0; round < 4; round++) {
      guest.start(guest.vcpu, SoftwareGuest.CODE);
      guest.gpr(SoftwareGuest.RDI, FUNCTION);
      assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
      assertThat(collect()).containsExactly(1, 7);
    }
  }

  @Test
  void withoutALogStoresBecomeFastAgain() {
    guest.code(SoftwareGuest.CODE, "488907f4"); // mov [rdi],rax
    guest.memory.startDirtyLog();
    run();
    guest.memory.stopDirtyLog();
    run();
    assertThat(guest.memory.isWatched(SoftwareGuest.DATA)).isFalse();
    guest.memory.startDirtyLog();
    assertThat(collect()).isEmpty();
  }
}
