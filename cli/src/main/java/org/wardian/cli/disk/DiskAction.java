package org.wardian.cli.disk;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.ReadOnlyImageException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A verb of {@code ward disk}: what can go wrong with images ends it with one line and a status.
 */
public abstract class DiskAction implements Callable<Integer> {
  @Spec private CommandSpec spec;

  DiskAction() {}

  /** Does it; the process's status. */
  abstract int act() throws IOException;

  /** The status of a failure; most verbs have ward's. */
  int statusOf(ExitStatus failure) {
    return failure.code();
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** A mistake on the command line that only shows when its parts are seen together. */
  final ParameterException mistake(String text) {
    return new ParameterException(spec.commandLine(), text);
  }

  @Override
  public final Integer call() {
    try {
      int status = act();
      out().flush();
      return status;
    } catch (CancellationException e) {
      throw failure(ExitStatus.LEFT, e.getMessage(), e);
    } catch (ImageFormatException | ReadOnlyImageException e) {
      throw failure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
    } catch (NoSuchFileException | FileNotFoundException | FileAlreadyExistsException e) {
      throw failure(ExitStatus.USAGE, text(e), e);
    } catch (IOException e) {
      throw failure(ExitStatus.STORAGE, text(e), e);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw failure(ExitStatus.USAGE, e.getMessage(), e);
    }
  }

  private Failure failure(ExitStatus status, String message, Throwable cause) {
    return new Failure(statusOf(status), message, cause);
  }

  /** The JDK's exceptions of files often have the name only. */
  private static String text(IOException e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      String cause =
          switch (file) {
            case NoSuchFileException missing -> "there is no such file";
            case AccessDeniedException denied -> "no permission";
            case FileAlreadyExistsException there -> "it exists already";
            default -> "the host refused it";
          };
      return file.getFile() + ": " + cause;
    }
    return e.getMessage();
  }
}
