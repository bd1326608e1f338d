package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.wardian.cli.profile.PerfMap;
import org.wardian.cli.profile.ProfileReport;
import org.wardian.cli.profile.SymbolFile;
import org.wardian.cli.profile.SymbolFileException;
import org.wardian.cli.profile.SymbolTable;
import org.wardian.processor.software.BlockDump;
import org.wardian.processor.software.GuestProfile;
import org.wardian.processor.software.Observation;

/** What looks into a guest while it runs, as the user asked for it. */
final class Tools implements AutoCloseable {
  private static final String STANDARD_ERROR = "-";

  private final boolean counted;
  private final SymbolTable symbols;
  private final Optional<GuestProfile> profile;
  private final Path profileName;

  /** Null for standard error. */
  private final PrintWriter profileFile;

  private final Optional<PerfMap> perfMap;

  private Tools(
      boolean counted,
      SymbolTable symbols,
      Path profileName,
      PrintWriter profileFile,
      Optional<PerfMap> perfMap) {
    this.counted = counted;
    this.symbols = symbols;
    this.profile = Optional.ofNullable(profileName).map(name -> new GuestProfile());
    this.profileName = profileName;
    this.profileFile = profileFile;
    this.perfMap = perfMap;
  }

  /**
   * @param profileName where the profile goes, or null
   */
  static Tools open(Path profileName, List<Path> symbolFiles, boolean perfMap, boolean counted) {
    SymbolTable symbols = SymbolTable.EMPTY;
    for (Path file : symbolFiles) {
      symbols = symbols.and(read(file));
    }
    // Before the guest runs: a name that cannot be written must not cost a whole run.
    PrintWriter profileFile =
        profileName == null || profileName.toString().equals(STANDARD_ERROR)
            ? null
            : create("profile", profileName);
    return new Tools(
        counted,
        symbols,
        profileName,
        profileFile,
        perfMap ? Optional.of(perfMap(symbols)) : Optional.empty());
  }

  /** Has blocks written down. */
  static void dump(String addresses, Path file) {
    try {
      BlockDump.request(addresses, file);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, e.getMessage(), e);
    }
    create("dump", file).close();
  }

  private static SymbolTable read(Path file) {
    try {
      return SymbolFile.read(file);
    } catch (NoSuchFileException e) {
      throw new Failure(ExitStatus.USAGE, "symbols " + file + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new Failure(ExitStatus.USAGE, "symbols " + file + ": no permission to read it", e);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.USAGE, "symbols " + file + " cannot be read: " + e.getMessage(), e);
    } catch (SymbolFileException e) {
      throw new Failure(ExitStatus.USAGE, "symbols " + file + ": " + e.getMessage(), e);
    }
  }

  private static PrintWriter create(String what, Path file) {
    try {
      return new PrintWriter(
          new OutputStreamWriter(Files.newOutputStream(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.STORAGE, what + " " + file + " cannot be written: " + reason(e), e);
    }
  }

  private static PerfMap perfMap(SymbolTable symbols) {
    Path path = PerfMap.path(ProcessHandle.current().pid());
    try {
      return PerfMap.at(path, symbols);
    } catch (IOException e) {
      throw new Failure(ExitStatus.STORAGE, path + " cannot be written: " + reason(e), e);
    }
  }

  private static String reason(IOException e) {
    return e instanceof NoSuchFileException ? "no such folder" : e.getMessage();
  }

  /** What the machine is to be observed by. */
  Observation observation() {
    return new Observation(counted, profile, perfMap.map(map -> map));
  }

  /**
   * Writes the profile, once the guest has ended.
   *
   * @throws Failure if it cannot be written
   */
  void report(PrintWriter err) {
    if (profile.isEmpty()) {
      return;
    }
    ProfileReport report = new ProfileReport(profile.get(), symbols);
    if (profileFile == null) {
      err.print(report.text());
      err.flush();
      return;
    }
    if (profileName.toString().endsWith(".json")) {
      ObjectNode node = Json.object();
      report.describe(node);
      Json.print(profileFile, node);
    } else {
      profileFile.print(report.text());
    }
    if (profileFile.checkError()) {
      throw new Failure(
          ExitStatus.STORAGE, "profile " + profileName + " cannot be written: the disk is full?");
    }
  }

  @Override
  public void close() {
    perfMap.ifPresent(PerfMap::close);
    if (profileFile != null) {
      profileFile.close();
    }
  }
}
