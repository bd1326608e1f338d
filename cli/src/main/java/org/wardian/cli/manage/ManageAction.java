package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.cli.Json;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A verb that talks to a daemon: connects, and makes of whatever goes wrong one line and a status.
 */
public abstract class ManageAction implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConnectOption connect;

  ManageAction() {}

  /**
   * Does it; the process's status.
   *
   * @param connection closed by the caller
   */
  abstract int act(Connection connection)
      throws LibvirtException, IOException, InterruptedException;

  /** Looks for mistakes that need no daemon to be seen. */
  void check() {}

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

  /** Prints a tree to standard output. */
  final void print(JsonNode node) {
    Json.print(out(), node);
  }

  @Override
  public final Integer call() {
    check();
    try (Connection connection = connect.open()) {
      return call(connection);
    }
  }

  private int call(Connection connection) {
    try {
      int status = act(connection);
      out().flush();
      return status;
    } catch (LibvirtException e) {
      throw Refusals.of(connection, e);
    } catch (CancellationException e) {
      throw new Failure(ExitStatus.LEFT, e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure(ExitStatus.LEFT, "interrupted", e);
    } catch (NoSuchFileException | FileNotFoundException | FileAlreadyExistsException e) {
      throw new Failure(ExitStatus.USAGE, text(e), e);
    } catch (IOException e) {
      if (e.getCause() instanceof LibvirtException refused) {
        throw Refusals.of(connection, refused);
      }
      throw new Failure(ExitStatus.STORAGE, text(e), e);
    }
  }

  /** The JDK's exceptions of files often have the name only. */
  private static String text(IOException e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      return file.getFile()
          + switch (file) {
            case NoSuchFileException missing -> ": there is no such file";
            case FileAlreadyExistsException there -> ": it exists already";
            default -> ": the host refused it";
          };
    }
    return String.valueOf(e.getMessage());
  }
}
