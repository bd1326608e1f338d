package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.SoftwareGuest.Running;

/**
 * The dirty log collected by one thread while guests run on others: a copy that is kept up to date
 * by collections alone must equal memory in the end.
 */
class ConcurrentCollectionTest {
  /** Guests write here: 512 KiB. */
  private static final long ARENA = SoftwareGuest.DATA;

  private static final int ARENA_SIZE = 0x80000;

  /**
   * RCX times: RAX = xorshift64(RAX); a store at RDI plus its low 19 bits; at a third of the stores
   * two pages are touched. Ends by HLT.
   */
  private static final String STORES =
      "4889c248c1e20d4831d04889c248c1ea074831d04889c248c1e2114831d0" // RAX = next
          + "89c281e2ffff0700" // mov edx,eax; and edx,7ffffh
          + "48890417" // mov [rdi+rdx],rax
          + "48ffc975d1f4"; // dec rcx; jnz; hlt

  /** The same with a read-modify-write, a byte store, and REP STOSB of up to 1,023 bytes. */
  private static final String MIXTURE =
      "4889c248c1e20d4831d04889c248c1ea074831d04889c248c1e2114831d0"
          + "89c281e2ffff0700"
          + "48010417" // add [rdi+rdx],rax
          + "48c1ea03880c17" // shr rdx,3; mov [rdi+rdx],cl
          + "4989c84989f989c181e1ff030000" // mov r8,rcx; mov r9,rdi; mov ecx,eax; and ecx,3ffh
          + "4801d7f3aa" // add rdi,rdx; rep stosb
          + "4c89cf4c89c1" // mov rdi,r9; mov rcx,r8
          + "48ffc975b1f4";

  private final SoftwareGuest guest = new SoftwareGuest();
  private final byte[] shadow = new byte[(int) SoftwareGuest.RAM];
  private int collections;

  @AfterEach
  void close() {
    guest.close();
  }

  private void copyDirty() {
    collections++;
    guest.memory.collectDirty(this::copy);
  }

  private void copy(Region region, long[] bitmap) {
    for (int page = 0; page < bitmap.length * 64; page++) {
      if ((bitmap[page >> 6] >>> page & 1) != 0) {
        RawMemory.copy(region.host() + page * 4096L, shadow, page * 4096, 4096);
      }
    }
  }

  private byte[] memory() {
    byte[] now = new byte[shadow.length];
    guest.memory.read(0, now, 0, now.length);
    return now;
  }

  private void prepare(SoftwareVcpu vcpu, long rip, long rounds, long seed) {
    guest.start(vcpu, rip);
    vcpu.gpr(SoftwareGuest.RAX, seed);
    vcpu.gpr(SoftwareGuest.RCX, rounds);
  }

  /** Runs the processors on threads of their own, and collects until they have ended. */
  private void collectWhile(List<SoftwareVcpu> vcpus) {
    List<Running> running = vcpus.stream().map(SoftwareGuest::launch).toList();
    while (!running.stream().allMatch(Running::ended)) {
      copyDirty();
    }
    for (Running each : running) {
      assertThat(each.join()).isEqualTo(Exit.HALTED);
    }
    copyDirty();
  }

  @Test
  void noStoreIsLost() {
    guest.code(SoftwareGuest.CODE, STORES);
    guest.memory.startDirtyLog();
    guest.memory.read(0, shadow, 0, shadow.length);
    for (int round = 1; round <= 100; round++) {
      prepare(guest.vcpu, SoftwareGuest.CODE, 20_000, round);
      collectWhile(List.of(guest.vcpu));
      assertThat(shadow).isEqualTo(memory());
    }
    assertThat(collections).isGreaterThan(200);
  }

  @Test
  void noReadModifyWriteAndNoStringStoreIsLost() {
    guest.code(SoftwareGuest.CODE, MIXTURE);
    guest.memory.startDirtyLog();
    guest.memory.read(0, shadow, 0, shadow.length);
    for (int round = 1; round <= 100; round++) {
      prepare(guest.vcpu, SoftwareGuest.CODE, 4_000, round);
      collectWhile(List.of(guest.vcpu));
      assertThat(shadow).isEqualTo(memory());
    }
  }

  @Test
  void noStoreOfSeveralProcessorsIsLost() {
    SoftwareVcpu second = guest.add();
    guest.code(SoftwareGuest.CODE, STORES);
    guest.code(SoftwareGuest.CODE + 0x1000, MIXTURE);
    guest.memory.startDirtyLog();
    guest.memory.read(0, shadow, 0, shadow.length);
    for (int round = 1; round <= 60; round++) {
      prepare(guest.vcpu, SoftwareGuest.CODE, 20_000, round);
      prepare(second, SoftwareGuest.CODE + 0x1000, 4_000, round);
      collectWhile(List.of(guest.vcpu, second));
      assertThat(shadow).isEqualTo(memory());
    }
  }

  @Test
  void aLogMayStartAndEndWhileTheGuestRuns() {
    guest.code(SoftwareGuest.CODE, STORES);
    prepare(guest.vcpu, SoftwareGuest.CODE, Long.MAX_VALUE, 1);
    Running running = SoftwareGuest.launch(guest.vcpu);
    for (int i = 0; i < 30; i++) {
      guest.memory.startDirtyLog();
      guest.memory.read(0, shadow, 0, shadow.length);
      copyDirty();
      if (i < 29) {
        guest.memory.stopDirtyLog();
      }
    }
    guest.vcpu.kick();
    assertThat(running.join()).isEqualTo(Exit.STOPPED);
    copyDirty();
    assertThat(shadow).isEqualTo(memory());
  }

  @Test
  void aCollectionReachesAProcessorThatLoops() {
    // jmp $: no instruction but a taken branch
    guest.start("ebfe");
    Running running = SoftwareGuest.launch(guest.vcpu);
    guest.memory.startDirtyLog();
    guest.memory.write(ARENA, new byte[] {1}, 0, 1);
    assertThat(pages()).containsExactly((int) (ARENA >> 12));
    // A page that is reported no more: the processor answered.
    int collected = 0;
    while (!pages().isEmpty()) {
      assertThat(++collected).isLessThan(1000);
    }
    guest.vcpu.kick();
    assertThat(running.join()).isEqualTo(Exit.STOPPED);
  }

  @Test
  void aCollectionReachesAProcessorThatSleeps() {
    // mov [rdi],rax; sti; hlt
    guest.memory.startDirtyLog();
    guest.start("488907fbf4");
    Running running = SoftwareGuest.launch(guest.vcpu);
    Set<Integer> seen = new TreeSet<>();
    while (!seen.contains((int) (ARENA >> 12))) {
      seen.addAll(pages());
    }
    guest.vcpu.kick();
    assertThat(running.join()).isEqualTo(Exit.STOPPED);
    assertThat(pages()).isEmpty();
  }

  private Set<Integer> pages() {
    Set<Integer> pages = new TreeSet<>();
    guest.memory.collectDirty((region, bitmap) -> {
      for (int page = 0; page < bitmap.length * 64; page++) {
        if ((bitmap[page >> 6] >>> page & 1) != 0) {
          pages.add((int) (region.base() >> 12) + page);
        }
      }
    });
    return pages;
  }

  @Test
  void aProcessorInsideALongBusAccessDelaysNothingAndLosesNothing() throws Exception {
    // mov [rdi],rax; out dx,al; mov [rdi],rsp
    CompletableFuture<Void> inside = new CompletableFuture<>();
    CompletableFuture<Void> go = new CompletableFuture<>();
    guest.onPort(() -> {
      inside.complete(null);
      go.join();
    });
    guest.memory.startDirtyLog();
    guest.start("488907ee488927f4");
    Running running = SoftwareGuest.launch(guest.vcpu);
    inside.get();
    List<Set<Integer>> found = new ArrayList<>();
    found.add(pages());
    found.add(pages());
    go.complete(null);
    assertThat(running.join()).isEqualTo(Exit.HALTED);
    found.add(pages());
    found.add(pages());

    Set<Integer> page = Set.of((int) (ARENA >> 12), (int) (SoftwareGuest.CODE >> 12));
    assertThat(found.get(0)).isEqualTo(page);
    assertThat(found.get(1)).isEqualTo(page);
    assertThat(found.get(2)).isEqualTo(page);
    assertThat(found.get(3)).isEmpty();
    assertThat(guest.get(ARENA)).isEqualTo(SoftwareGuest.STACK);
  }

  @Test
  void codeThatADeviceWritesIsSeenByAProcessorThatRunsIt() {
    // 1: inc dword [rdi]; mov eax,1; test eax,eax; jnz 1b; hlt
    long counter = guest.memory.hostAddress(SoftwareGuest.DATA);
    for (int round = 0; round < 20; round++) {
      guest.put(SoftwareGuest.DATA, 0);
      guest.start("ff07b80100000085c075f5f4");
      Running running = SoftwareGuest.launch(guest.vcpu);
      while (RawMemory.getIntVolatile(counter) < 1000) {
        Thread.onSpinWait();
      }
      guest.memory.write(SoftwareGuest.CODE + 3, new byte[] {0}, 0, 1);
      assertThat(running.join()).isEqualTo(Exit.HALTED);
    }
  }

  @Test
  void moreWritesToCodeThanAreKeptAreSeenToo() {
    CompletableFuture<Void> inside = new CompletableFuture<>();
    CompletableFuture<Void> go = new CompletableFuture<>();
    guest.onPort(() -> {
      inside.complete(null);
      go.join();
    });
    // call rdi; out dx,al; call rdi; the function: mov eax,1; ret
    guest.code(SoftwareGuest.DATA, "b801000000c3");
    guest.start("ffd7eeffd7f4");
    Running running = SoftwareGuest.launch(guest.vcpu);
    inside.join();
    for (int i = 0; i < 1000; i++) {
      guest.memory.write(SoftwareGuest.DATA + 1, new byte[] {(byte) i, 3}, 0, 2);
    }
    go.complete(null);
    assertThat(running.join()).isEqualTo(Exit.HALTED);
    assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(0x300 + (999 & 0xff));
  }
}
