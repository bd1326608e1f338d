package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.memory.GuestMemory.Region;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.SoftwareGuest.Running;
import org.wardian.processor.software.SoftwareGuest.Window;
import org.wardian.x86.StateLayout;

/**
 * Memory that comes and goes while a guest runs, at the worst moments: inside the guest's own bus
 * accesses, with everything about it remembered, and followed by accesses to it.
 */
class MapChangesTest {
  private static final long PLACE = 0x1000_0000L;
  private static final long SIZE = 0x10_0000;
  private static final long DEVICE = 0x2000_0000L;
  private static final long BEFORE = 0x1122_3344_5566_7788L;
  private static final long OPEN = 0x7070_6060_5050_4040L;

  private final SoftwareGuest guest = new SoftwareGuest();

  /** What answers at {@link #PLACE}, and one page below it, when there is no memory. */
  private final Window below = new Window(OPEN);

  private final Window device = new Window(0x99);
  private Region region;

  MapChangesTest() {
    guest.mmio.map(PLACE - 0x1000, SIZE + 0x1000, below);
    guest.mmio.map(DEVICE, 0x1000, device);
    add();
  }

  @AfterEach
  void close() {
    guest.close();
  }

  private void add() {
    region = guest.memory.addRegion(PLACE, SIZE, true, "hot");
    guest.put(PLACE, BEFORE);
  }

  private void remove() {
    guest.memory.removeRegion(region);
  }

  /** Starts with RDI = PLACE, RSI = DEVICE. */
  private void start(String hex) {
    guest.start(hex);
    guest.gpr(SoftwareGuest.RDI, PLACE);
    guest.gpr(SoftwareGuest.RSI, DEVICE);
  }

  private void run(String hex) {
    start(hex);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);
  }

  @Test
  void whatAPortTookAwayIsGoneForTheNextInstruction() {
    guest.onPort(this::remove);
    // mov rax,[rdi]; mov [rdi+8],rax; out dx,al; mov rbx,[rdi]; mov [rdi+8],rbx;
    // mov rcx,[rdi+1000h]
    run("488b0748894708ee488b1f48895f08488b8f00100000f4");

    assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(BEFORE);
    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(OPEN);
    assertThat(below.seen).containsExactly("r8 1000", "w8 1008=7070606050504040", "r8 2000");
  }

  @Test
  void whatALoadTookAwayIsGoneForTheNextInstruction() {
    device.at(1, this::remove);
    // mov rax,[rdi]; mov rax,[rsi]; mov rbx,[rdi]; mov [rdi+4],ebx
    run("488b07488b06488b1f895f04f4");

    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(OPEN);
    assertThat(below.seen).containsExactly("r8 1000", "w4 1004=50504040");
  }

  @Test
  void aStoreMayTakeAwayItsOwnSecondPage() {
    below.at(1, this::remove);
    // mov byte [rdi],1; mov [rdi-4],rax
    start("c607014889" + "47fcf4");
    guest.gpr(SoftwareGuest.RAX, 0x0807060504030201L);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen)
        .containsExactly(
            "w1 ffc=1",
            "w1 ffd=2",
            "w1 ffe=3",
            "w1 fff=4",
            "w1 1000=5",
            "w1 1001=6",
            "w1 1002=7",
            "w1 1003=8");
  }

  @Test
  void aLoadMayTakeAwayItsOwnSecondPage() {
    below.at(3, this::remove);
    // mov al,[rdi]; mov rbx,[rdi-4]
    run("8a07488b5ffcf4");

    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(0x4040404040404040L);
    assertThat(below.seen).hasSize(8).last().isEqualTo("r1 1003");
  }

  @Test
  void aPushMayTakeAwayItsStack() {
    device.at(1, this::remove);
    // push rax; push qword [rsi]
    start("50ff36f4");
    guest.gpr(SoftwareGuest.RSP, PLACE + 0x1000);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen).containsExactly("w8 1ff0=99");
  }

  @Test
  void aReadModifyWriteMayTakeAwayWhatItReads() {
    below.at(1, this::add);
    remove();
    below.seen.clear();
    // add [rdi],rax: the read brings memory, which the write then meets
    start("480107f4");
    guest.gpr(SoftwareGuest.RAX, 1);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen).containsExactly("r8 1000");
    assertThat(guest.get(PLACE)).isEqualTo(OPEN + 1);
  }

  @Test
  void aStringMayTakeAwayItsDestination() {
    device.answer = 0x5a;
    device.at(5, this::remove);
    // mov byte [rdi],1; rep movsb
    start("c60701f3a4f4");
    guest.gpr(SoftwareGuest.RCX, 8);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen).containsExactly("w1 1004=5a", "w1 1005=5a", "w1 1006=5a", "w1 1007=5a");
    assertThat(guest.gpr(SoftwareGuest.RCX)).isZero();
    assertThat(guest.gpr(SoftwareGuest.RDI)).isEqualTo(PLACE + 8);
  }

  @Test
  void aStringMayTakeAwayItsNextPage() {
    below.at(2, this::remove);
    // mov al,[rdi+10h]; mov al,5ah; rep stosb, from the device's last two bytes on
    guest.start("8a4710b05af3aaf4");
    guest.gpr(SoftwareGuest.RDI, PLACE - 2);
    guest.gpr(SoftwareGuest.RCX, 4);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen).containsExactly("w1 ffe=5a", "w1 fff=5a", "w1 1000=5a", "w1 1001=5a");
  }

  @Test
  void aPortsStringMayTakeAwayItsDestination() {
    int[] reads = new int[1];
    guest.onPort(() -> {
      if (++reads[0] == 3) {
        remove();
      }
    });
    // mov al,[rdi]; rep insb
    start("8a07f36cf4");
    guest.gpr(SoftwareGuest.RCX, 5);
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(below.seen).containsExactly("w1 1002=77", "w1 1003=77", "w1 1004=77");
  }

  @Test
  void codeMayTakeItselfAwayByALoad() {
    // mov eax,[rsi]; inc ebx; inc ebx; hlt: after the load, HLT comes from the bus
    guest.code(PLACE, "8b06ffc3ffc3f4");
    below.answer = 0xf4;
    device.at(1, this::remove);
    run("ffe7"); // jmp rdi

    assertThat(guest.gpr(SoftwareGuest.RBX)).isZero();
    assertThat(guest.rip()).isEqualTo(PLACE + 3);
    assertThat(below.seen).containsExactly("r1 1002");
  }

  @Test
  void codeMayTakeItselfAwayByAPort() {
    guest.code(PLACE, "eeffc3f4"); // out dx,al; inc ebx; hlt
    below.answer = 0xf4;
    guest.onPort(this::remove);
    run("ffe7");

    assertThat(guest.gpr(SoftwareGuest.RBX)).isZero();
    assertThat(guest.rip()).isEqualTo(PLACE + 2);
  }

  @Test
  void codeThatComesInItsPlaceIsDecodedAnew() {
    guest.code(PLACE, "b801000000c3"); // mov eax,1; ret
    guest.onPort(() -> {
      remove();
      add();
      guest.code(PLACE, "b802000000c3");
    });
    // call rdi; mov ecx,eax; out dx,al; call rdi
    run("ffd789c1eeffd7f4");

    assertThat(guest.gpr(SoftwareGuest.RCX)).isEqualTo(1);
    assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(2);
  }

  @Test
  void codeElsewhereStaysTranslated() {
    SoftwareVcpu translated = guest.add(true);
    guest.code(PLACE, "ffc3c3"); // inc ebx; ret
    guest.onPort(() -> {
      remove();
      add();
      guest.code(PLACE, "83c302c3"); // add ebx,2; ret
    });
    // 1: call rdi; out dx,al; dec rcx; jnz 1b
    guest.code(SoftwareGuest.CODE, "ffd7ee48ffc975f8f4");
    guest.start(translated, SoftwareGuest.CODE);
    translated.gpr(SoftwareGuest.RDI, PLACE);
    translated.gpr(SoftwareGuest.RCX, 1000);
    assertThat(translated.run()).isEqualTo(Exit.HALTED);

    assertThat(translated.gpr(SoftwareGuest.RBX)).isEqualTo(1 + 2 * 999);
    assertThat(translated.counters()).containsEntry("code-cache-flushes", 0L);
    // The routine once for each of its lives, the loop but once.
    assertThat(translated.counters().get("blocks-translated")).isBetween(1000L, 1010L);
  }

  @Test
  void contextsOfJumpsMayComeRoundInTheMiddle() {
    long[] code = {SoftwareGuest.DATA, SoftwareGuest.DATA + 0x1000};
    guest.code(code[0], "ffc3c3"); // inc ebx; ret
    guest.code(code[1], "83c310c3"); // add ebx,10h; ret
    guest.put(SoftwareGuest.TABLES + 0x1008, SoftwareGuest.FREE_TABLES | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES, SoftwareGuest.FREE_TABLES + 0x1000 | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES + 0x1000, code[0] | 0x63);
    SoftwareVcpu interpreted = guest.add(false);
    CodeCache cache = interpreted.cache;
    int[] calls = new int[1];
    guest.onPort(() -> {
      guest.put(SoftwareGuest.FREE_TABLES + 0x1000, code[++calls[0] % 2] | 0x63);
      int current = cache.mappings;
      cache.mappings = 0xfffffff;
      for (int changes = 0; changes <= current; changes++) {
        interpreted.flushTranslations();
      }
    });
    // 1: mov esp,STACK; call rdi; call rdi; out dx,al; call rdi; dec r8; jnz 1b
    guest.code(SoftwareGuest.CODE, "bc00802000ffd7ffd7eeffd749ffc875eff4");
    guest.start(interpreted, SoftwareGuest.CODE);
    interpreted.gpr(SoftwareGuest.RDI, 1 << 30);
    interpreted.gpr(8, 100);
    assertThat(interpreted.run()).isEqualTo(Exit.HALTED);

    assertThat(interpreted.gpr(SoftwareGuest.RBX)).isEqualTo(50 * (2 + 0x10) + 50 * (2 * 0x10 + 1));
  }

  @Test
  void pageTablesMayGo() {
    // 1 GiB is mapped by a table that lies in the region.
    guest.put(SoftwareGuest.TABLES + 0x1008, SoftwareGuest.FREE_TABLES | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES, PLACE | 0x23);
    guest.put(PLACE, SoftwareGuest.DATA | 0x63);
    guest.put(PLACE + 8, SoftwareGuest.DATA + 0x1000 | 0x63);
    guest.onPort(this::remove);
    // mov rax,[rdi]; out dx,al; mov rax,[rdi+1000h]
    guest.start("488b07ee488b8700100000f4");
    guest.gpr(SoftwareGuest.RDI, 1 << 30);

    assertThat(guest.vcpu.run()).isEqualTo(Exit.TRIPLE_FAULT);
    assertThat(RawMemory.getLong(guest.vcpu.state() + StateLayout.CR2))
        .isEqualTo((1 << 30) + 0x1000);
  }

  @Test
  void whatAPortBroughtIsThereForTheNextInstruction() {
    remove();
    guest.onPort(this::add);
    // mov rax,[rdi]; mov [rdi+8],rax; out dx,al; mov rbx,[rdi]; mov [rdi+8],rbx
    run("488b0748894708ee488b1f48895f08f4");

    assertThat(below.seen).containsExactly("r8 1000", "w8 1008=7070606050504040");
    assertThat(guest.gpr(SoftwareGuest.RBX)).isEqualTo(BEFORE);
    assertThat(guest.get(PLACE + 8)).isEqualTo(BEFORE);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aGuestMayAddAndRemoveForEver() throws IOException {
    int[] calls = new int[1];
    guest.onPort(() -> {
      if (calls[0]++ % 2 == 0) {
        remove();
      } else {
        region = guest.memory.addRegion(PLACE, SIZE + (calls[0] % 3 << 16), true, "hot");
        guest.code(PLACE + 0x1000, "c3");
      }
    });
    // 1: out dx,al; out dx,al; mov [rdi],rcx; mov rax,[rdi]; lea rbx,[rdi+1000h]; call rbx; dec
    // rcx; jnz 1b
    start("eeee48890f488b07488d9f00100000ffd348ffc975eaf4");
    guest.gpr(SoftwareGuest.RCX, 1000);
    long before = addressSpace();
    assertThat(guest.vcpu.run()).isEqualTo(Exit.HALTED);

    // Java takes some of its own meanwhile; what each round leaves would be a thousand times as
    // much.
    assertThat(addressSpace()).isLessThan(before + 400 * SIZE);
    assertThat(calls[0]).isEqualTo(2000);
    assertThat(guest.memory.frames())
        .isLessThanOrEqualTo((int) (SoftwareGuest.RAM + SIZE + 0x20000 >> 12));
  }

  /** Bytes that this process has mapped: Linux, filesystems/proc.rst, statm. */
  private static long addressSpace() throws IOException {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[0]) * 4096;
  }

  @Test
  void anotherThreadMayTakeMemoryAwayFromAGuestThatUsesIt() {
    below.answer = -1;
    for (int round = 0; round < 50; round++) {
      // 1: mov rax,[rdi]; mov [rdi+2000h],rcx; inc rcx; cmp rax,-1; jne 1b
      start("488b0748898f0020000048ffc14883f8ff75edf4");
      Running running = SoftwareGuest.launch(guest.vcpu);
      // In memory: a register may be the host's while its guest runs.
      long stored = guest.memory.hostAddress(PLACE + 0x2000);
      while (RawMemory.getIntVolatile(stored) < 100 * round) {
        Thread.onSpinWait();
      }
      guest.memory.removeRegion(region);
      assertThat(running.join()).isEqualTo(Exit.HALTED);
      add();
    }
  }

  @Test
  void aProcessorInsideABusAccessKeepsWhatAnotherThreadTookAway() {
    CompletableFuture<Void> inside = new CompletableFuture<>();
    CompletableFuture<Void> go = new CompletableFuture<>();
    guest.onPort(() -> {
      inside.complete(null);
      go.join();
    });
    // mov rax,[rdi]; out dx,al; mov rbx,[rdi]; 1: jmp 2f; 2: mov rcx,[rdi]
    start("488b07ee488b1feb00488b0ff4");
    Running running = SoftwareGuest.launch(guest.vcpu);
    inside.join();
    Region old = region;
    guest.memory.removeRegion(old);
    guest.memory.retain(old); // still mapped, or this fails
    guest.memory.release(old);
    Region other = guest.memory.addRegion(DEVICE + SIZE, SIZE, true, "other");
    assertThat(other.firstFrame()).isNotEqualTo(old.firstFrame());
    go.complete(null);
    assertThat(running.join()).isEqualTo(Exit.HALTED);

    assertThat(guest.gpr(SoftwareGuest.RAX)).isEqualTo(BEFORE);
    assertThat(guest.gpr(SoftwareGuest.RCX)).isEqualTo(OPEN);
    Region next = guest.memory.addRegion(PLACE, SIZE, true, "hot");
    assertThat(next.firstFrame()).isEqualTo(old.firstFrame());
  }

  @Test
  void twoProcessorsMayChangeTheMapAtOnce() {
    SoftwareVcpu second = guest.add();
    // Each port of the two adds or removes a region of its own.
    long[] places = {0x3000_0000L, 0x3800_0000L};
    for (int i = 0; i < 2; i++) {
      long place = places[i];
      guest.ports.map(
          0x100 + i,
          1,
          new SoftwareGuest.Trigger(() -> {
            Region there = guest.memory.region(place);
            if (there == null) {
              guest.memory.addRegion(place, SIZE, true, "hot");
            } else {
              guest.memory.removeRegion(there);
            }
          }));
    }
    // 1: out dx,al; mov [rdi],rcx; mov rax,[rdi]; dec rcx; jnz 1b
    guest.code(SoftwareGuest.CODE, "ee48890f488b0748ffc975f4f4");
    SoftwareVcpu[] vcpus = {guest.vcpu, second};
    for (int i = 0; i < 2; i++) {
      guest.start(vcpus[i], SoftwareGuest.CODE);
      vcpus[i].gpr(SoftwareGuest.RDI, places[i]);
      vcpus[i].gpr(SoftwareGuest.RDX, 0x100 + i);
      vcpus[i].gpr(SoftwareGuest.RCX, 200);
    }
    Running first = SoftwareGuest.launch(vcpus[0]);
    Running other = SoftwareGuest.launch(vcpus[1]);

    assertThat(first.join()).isEqualTo(Exit.HALTED);
    assertThat(other.join()).isEqualTo(Exit.HALTED);
    assertThat(guest.memory.regions()).extracting(Region::name).containsExactly("ram", "hot");
  }
}
