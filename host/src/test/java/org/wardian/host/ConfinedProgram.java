package org.wardian.host;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.stream.Stream;

/**
 * Gives up the {@link ForbiddenCalls} and tells, a line for each, what goes on and what does not. A
 * process of its own, since that cannot be taken back.
 */
final class ConfinedProgram {
  /** Of x86-64. */
  private static final long GETPID = 39;

  private static final int EXECVE = 59;

  private ConfinedProgram() {}

  /** With a folder to write to. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    SynchronousQueue<Runnable> work = new SynchronousQueue<>();
    Thread.ofPlatform()
        .daemon()
        .name("older")
        .start(() -> {
          while (true) {
            take(work).run();
          }
        });
    say("before", program());
    ForbiddenCalls.filter().install();
    String after = program();
    say("program", after);
    if (!after.equals("refused")) {
      return; // Some of the calls would do harm.
    }
    work.put(() -> say("program of an older thread", program()));
    work.put(() -> {});
    for (ForbiddenCalls group : ForbiddenCalls.values()) {
      for (ForbiddenCalls.Call call : group.calls()) {
        say(call.name(), answer(call));
      }
    }
    // The table of x32, and a call that nobody forbids.
    say("x32", SystemCall.result(0x4000_0000L | GETPID, 0, 0, 0, 0, 0, 0));
    long own = ProcessHandle.current().pid();
    say("getpid", SystemCall.result(GETPID, 0, 0, 0, 0, 0, 0) == own);
    say("file", Files.size(Files.writeString(folder.resolve("file"), "text")));
    say("socket", echo());
    say("mapping", mapping());
    say("threads", threads());
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      say("confined", tasks.allMatch(ConfinedProgram::isConfined));
    }
    // A second filter is no less possible than the first.
    new SystemCallFilter().refuse((int) GETPID, Errno.EIO).install();
    say("getpid", SystemCall.result(GETPID, 0, 0, 0, 0, 0, 0));
    say("execve", SystemCall.result(EXECVE, 0, 0, 0, 0, 0, 0));
  }

  private static void say(String what, Object answer) {
    System.out.println(what + ": " + answer);
  }

  private static <T> T take(SynchronousQueue<T> queue) {
    try {
      return queue.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String program() {
    try {
      return "status " + new ProcessBuilder("true").start().waitFor();
    } catch (IOException e) {
      return "refused";
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** With arguments that the kernel itself has another error for, where it would serve the call. */
  private static long answer(ForbiddenCalls.Call call) {
    long[] arguments = {-1, -1, -1, -1, -1, -1};
    for (SystemCallFilter.Condition condition : call.conditions()) {
      arguments[condition.argument()] = condition.value();
    }
    return SystemCall.result(
        call.number(),
        arguments[0],
        arguments[1],
        arguments[2],
        arguments[3],
        arguments[4],
        arguments[5]);
  }

  private static int echo() throws IOException {
    try (ServerSocket server = new ServerSocket(0);
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket served = server.accept()) {
      client.getOutputStream().write(42);
      return served.getInputStream().read();
    }
  }

  private static boolean mapping() {
    try (Mapping mapping = Mapping.anonymous(1 << 20)) {
      return mapping.address() != 0;
    }
  }

  private static long threads() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      long sum = 0;
      for (int i = 0; i < 8; i++) {
        int number = i;
        sum += pool.submit(() -> number).get();
      }
      return sum;
    }
  }

  private static boolean isConfined(Path task) {
    try {
      String status = Files.readString(task.resolve("status"));
      return status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n");
    } catch (IOException e) {
      return Files.notExists(task); // It has ended.
    }
  }
}
