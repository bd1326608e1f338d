package org.wardian.processor.software;

import static org.wardian.processor.software.translator.HostRegister.RDI;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.wardian.host.Mapping;
import org.wardian.host.NativeFunction;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.x86.StateLayout;

/**
 * Programs that run at the same time on shared memory: on processors of ours, each interpreted or
 * translated, or on the host's, which is the oracle. RDI is the memory's address; a program falls
 * off its end when it is done, and leaves RBP, RBX and R12 to R15 alone unless it pushes them.
 */
final class ParallelGuest implements AutoCloseable {
  /** How a program is executed. */
  enum Execution {
    INTERPRETED,
    TRANSLATED,
    NATIVE
  }

  /** Guest-physical address of the shared memory. */
  static final long AREA = 0x40_0000;

  static final int AREA_SIZE = 0x40_0000;

  private static final int CODE_SIZE = 0x4000;

  private final SoftwareGuest guest = new SoftwareGuest();
  private final Mapping code = Mapping.executable(CODE_SIZE * 64L);
  private final List<Execution> executions;
  private final List<SoftwareVcpu> vcpus = new ArrayList<>();

  /** One program for each. */
  ParallelGuest(List<Execution> executions) {
    this.executions = executions;
    VcpuGroup group = new VcpuGroup();
    for (Execution execution : executions) {
      vcpus.add(
          execution == Execution.NATIVE
              ? null
              : guest.add(execution == Execution.TRANSLATED, group));
    }
  }

  /** The shared memory's address for Java. */
  long host() {
    return guest.memory.hostAddress(AREA);
  }

  SoftwareGuest guest() {
    return guest;
  }

  SoftwareVcpu vcpu(int number) {
    return vcpus.get(number);
  }

  /** Runs the programs that {@code writer} writes, by their numbers, all to their ends. */
  void run(BiConsumer<Integer, HostAssembler> writer) {
    List<CompletableFuture<Exit>> running = new ArrayList<>();
    for (int n = 0; n < executions.size(); n++) {
      running.add(executions.get(n) == Execution.NATIVE ? host(n, writer) : ours(n, writer));
    }
    List<CompletableFuture<Exit>> ends = running.stream().toList();
    boolean guests = executions.stream().anyMatch(e -> e != Execution.NATIVE);
    if (guests) {
      // The last one to halt knows that nobody wakes it.
      CompletableFuture.anyOf(
              ends.stream()
                  .filter(end -> executions.get(ends.indexOf(end)) != Execution.NATIVE)
                  .toArray(CompletableFuture[]::new))
          .join();
    }
    vcpus.stream().filter(v -> v != null).forEach(SoftwareVcpu::kick);
    for (CompletableFuture<Exit> end : ends) {
      Exit exit = end.join();
      if (exit != Exit.HALTED && exit != Exit.STOPPED) {
        throw new AssertionError("a program ended by " + exit);
      }
    }
    for (SoftwareVcpu vcpu : vcpus) {
      if (vcpu != null
          && RawMemory.getInt(vcpu.state() + StateLayout.ACTIVITY) != StateLayout.HALTED) {
        throw new AssertionError("a program did not come to its end");
      }
    }
  }

  private CompletableFuture<Exit> ours(int n, BiConsumer<Integer, HostAssembler> writer) {
    long at = SoftwareGuest.CODE + (long) n * CODE_SIZE;
    HostAssembler a = new HostAssembler();
    a.start(guest.memory.hostAddress(at), CODE_SIZE, at);
    writer.accept(n, a);
    // HLT
    RawMemory.putByte(guest.memory.hostAddress(at) + a.offset(), (byte) 0xf4);
    guest.memory.written(at, 1);
    SoftwareVcpu vcpu = vcpus.get(n);
    guest.start(vcpu, at);
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.GPR + 8 * RDI, AREA);
    RawMemory.putLong(
        s + StateLayout.GPR + 8 * SoftwareGuest.RSP, SoftwareGuest.STACK + n * 0x1000L);
    vcpu.stateChanged();
    return CompletableFuture.supplyAsync(vcpu::run, task -> Thread.ofPlatform().start(task));
  }

  private CompletableFuture<Exit> host(int n, BiConsumer<Integer, HostAssembler> writer) {
    HostAssembler a = new HostAssembler();
    long at = code.address() + (long) n * CODE_SIZE;
    a.start(at, CODE_SIZE, at);
    writer.accept(n, a);
    a.ret();
    NativeFunction function = NativeFunction.at(at);
    long memory = host();
    return CompletableFuture.supplyAsync(
        () -> {
          function.call(memory);
          return Exit.HALTED;
        },
        task -> Thread.ofPlatform().start(task));
  }

  @Override
  public void close() {
    guest.close();
    code.close();
  }
}
