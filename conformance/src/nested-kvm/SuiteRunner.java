import static org.junit.platform.engine.discovery.ClassNameFilter.STANDARD_INCLUDE_PATTERN;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the test classes of one package and tells of each test as it ends, in one line: outcome,
 * time, name. JUnit's own console draws a tree when all is over, which is no use in a guest that may
 * hang half-way, and reads more options than a slow processor cares for.
 *
 * <p>A failure that the list of deviations expects, by the test's name and by what it says, is one
 * of the processor beneath and not counted as a failure. Classes that are through are written to a
 * progress file; a later run leaves them out. Leaves with 0 only if none failed. With {@code --list}
 * it only looks for tests.
 */
final class SuiteRunner implements TestExecutionListener {
  /** One line of the list: what is known to differ on the processor beneath, and why. */
  private record Deviation(Pattern test, Pattern says, String reason) {
    static Deviation of(String line) {
      String[] fields = line.split(" *;; *", -1);
      if (fields.length != 3) {
        throw new IllegalArgumentException("not three fields: " + line);
      }
      return new Deviation(
          Pattern.compile(fields[0]), Pattern.compile(fields[1], Pattern.DOTALL), fields[2]);
    }

    /** Whether it keeps a class or a method from being run: "leave out" in place of a message. */
    boolean leavesOut() {
      return says.pattern().equals("leave out");
    }

    /** By "class", or by "class > method" in the words of the test's display name. */
    boolean names(TestDescriptor method) {
      String type = method.getParent().map(TestDescriptor::getDisplayName).orElse("");
      return test.matcher(type).matches()
          || test.matcher(type + " > " + method.getDisplayName()).matches();
    }

    boolean explains(String name, Throwable failure) {
      return test.matcher(name).matches()
          && says.matcher(String.valueOf(failure.getMessage())).find();
    }
  }

  private final List<Deviation> deviations;
  private final List<Deviation> unseen;
  private final Path progress;
  private static final int STILL_SECONDS = 60;

  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private final Map<String, String> names = new ConcurrentHashMap<>();
  private volatile TestIdentifier running;
  private int passed;
  private int failed;
  private int deviated;
  private int leftOut;
  private int passedBefore;
  private int failedBefore;
  private int deviatedBefore;
  private int leftOutBefore;

  private SuiteRunner(List<Deviation> deviations, Path progress) {
    this.deviations = deviations;
    this.progress = progress;
    this.unseen = new ArrayList<>(deviations);
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2 && arguments.length != 4) {
      System.err.println("usage: SuiteRunner PACKAGE --list");
      System.err.println("       SuiteRunner PACKAGE DEVIATIONS PROGRESS CLASS,...");
      System.exit(2);
    }
    Launcher launcher = LauncherFactory.create();
    if (arguments.length == 2) {
      TestPlan plan = launcher.discover(request(arguments[0], List.of(), List.of()));
      System.out.println(plan.countTestIdentifiers(TestIdentifier::isTest) + " tests");
      return;
    }
    List<Deviation> all = read(Path.of(arguments[1]));
    List<Deviation> never = all.stream().filter(Deviation::leavesOut).toList();
    SuiteRunner runner =
        new SuiteRunner(
            all.stream().filter(it -> !it.leavesOut()).toList(), Path.of(arguments[2]));
    for (Deviation it : never) {
      System.out.println("left out            " + it.test() + ": " + it.reason());
      runner.leftOut++;
    }
    List<String> through = List.of(arguments[3].split(","));
    LauncherDiscoveryRequest request = request(arguments[0], through, never);
    Thread.ofPlatform().daemon().name("watch").start(runner::watch);
    long start = System.nanoTime();
    launcher.execute(request, runner);
    runner.summarize(arguments[0], (System.nanoTime() - start) / 1e9);
    System.exit(runner.failed == 0 ? 0 : 1);
  }

  private static LauncherDiscoveryRequest request(
      String suite, List<String> through, List<Deviation> never) {
    LauncherDiscoveryRequestBuilder builder =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectPackage(suite))
            .filters(ClassNameFilter.includeClassNamePatterns(STANDARD_INCLUDE_PATTERN));
    PostDiscoveryFilter wanted =
        test -> FilterResult.includedIf(never.stream().noneMatch(it -> it.names(test)));
    builder.filters(wanted);
    for (String name : through) {
      builder.filters(ClassNameFilter.excludeClassNamePatterns(".*\\." + name));
    }
    return builder.build();
  }

  private static List<Deviation> read(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .map(Deviation::of)
        .toList();
  }

  private void summarize(String suite, double seconds) {
    unseen.forEach(deviation -> System.out.println("not seen here: " + deviation.reason()));
    System.out.printf(
        Locale.ROOT,
        "%s: %d passed, %d failed, %d deviations of the processor beneath, %d left out in %.1f s%n",
        suite,
        passed,
        failed,
        deviated,
        leftOut,
        seconds);
  }

  /** Tells once a minute that a long test is still being run: silence then means a frozen guest. */
  private void watch() {
    try {
      while (true) {
        Thread.sleep(Duration.ofSeconds(STILL_SECONDS));
        TestIdentifier test = running;
        if (test != null) {
          tell("running", test, "");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The simple name of the class that this is; empty for what is in one, and for what holds them. */
  private static Optional<String> classOf(TestIdentifier test) {
    return test.getSource()
        .filter(ClassSource.class::isInstance)
        .map(source -> ((ClassSource) source).getClassName())
        .map(name -> name.substring(name.lastIndexOf('.') + 1));
  }

  private void recordEnd(String name) {
    record(
        "class %s %d %d %d %d"
            .formatted(
                name,
                passed - passedBefore,
                failed - failedBefore,
                deviated - deviatedBefore,
                leftOut - leftOutBefore));
    passedBefore = passed;
    failedBefore = failed;
    deviatedBefore = deviated;
    leftOutBefore = leftOut;
  }

  /** For the script, which must know after a crash what is through. */
  private void record(String line) {
    try {
      Files.writeString(progress, line + "\n", StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    // The engine's own name says nothing.
    plan.getRoots()
        .forEach(root -> plan.getChildren(root).forEach(child -> name(plan, child, "")));
  }

  private void name(TestPlan plan, TestIdentifier test, String prefix) {
    String name = prefix + test.getDisplayName();
    names.put(test.getUniqueId(), name);
    plan.getChildren(test).forEach(child -> name(plan, child, name + " > "));
  }

  @Override
  public void dynamicTestRegistered(TestIdentifier test) {
    String prefix =
        test.getParentId().map(names::get).map(parent -> parent + " > ").orElse("");
    names.put(test.getUniqueId(), prefix + test.getDisplayName());
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started.put(test.getUniqueId(), System.nanoTime());
    if (test.isTest()) {
      running = test;
    }
    classOf(test).ifPresent(name -> record("begin " + name));
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    leftOut++;
    tell("left out", test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    running = null;
    Throwable cause = result.getThrowable().orElse(null);
    if (result.getStatus() == Status.SUCCESSFUL) {
      if (test.isTest()) {
        passed++;
        tell("passed", test, "");
      }
    } else if (result.getStatus() == Status.ABORTED) {
      leftOut++;
      tell("left out", test, String.valueOf(cause));
    } else {
      // A class or an engine that fails is a failure though it is no test: its tests never ran.
      Optional<Deviation> known =
          deviations.stream()
              .filter(it -> cause != null && it.explains(nameOf(test), cause))
              .findFirst();
      if (known.isPresent()) {
        deviated++;
        unseen.remove(known.get());
        tell("deviates", test, known.get().reason());
      } else {
        failed++;
        tell("FAILED", test, "");
        if (cause != null) {
          cause.printStackTrace(System.out);
        }
      }
    }
    classOf(test).ifPresent(this::recordEnd);
    System.out.flush();
  }

  private String nameOf(TestIdentifier test) {
    return names.getOrDefault(test.getUniqueId(), test.getDisplayName());
  }

  private double secondsOf(TestIdentifier test) {
    long now = System.nanoTime();
    return (now - started.getOrDefault(test.getUniqueId(), now)) / 1e9;
  }

  private void tell(String outcome, TestIdentifier test, String reason) {
    System.out.printf(
        Locale.ROOT,
        "%-8s %7.2f s  %s%s%n",
        outcome,
        secondsOf(test),
        nameOf(test),
        reason.isEmpty() ? "" : ": " + reason.lines().findFirst().orElse(""));
  }
}
