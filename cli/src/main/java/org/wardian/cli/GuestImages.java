package org.wardian.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.wardian.boot.ImageBytes;
import org.wardian.boot.KernelFormatException;
import org.wardian.boot.KernelImage;
import org.wardian.boot.MultibootKernel;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.host.Terminal;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.OriginFile;

/**
 * What a guest is started from.
 *
 * @param kernel a file that was found to be a kernel
 * @param name of the file
 * @param initrd the initial RAM disk, or a multiboot module
 * @param commandLine the kernel's
 * @param origin what a machine that is saved tells of all this
 */
record GuestImages(
    byte[] kernel,
    Path name,
    Optional<byte[]> initrd,
    String commandLine,
    Supplier<Origin> origin) {
  /** A kernel without it would boot and say nothing. */
  private static final String CONSOLE = "console=ttyS0";

  /** A panic resets at once; ward then knows that it was one, and leaves. */
  private static final String RESET_ON_PANIC = "panic=-1";

  /**
   * Fetches or reads what the request names.
   *
   * @param terminal whose size and kind the default guest is told, or empty
   * @throws Failure if something cannot be had; nothing has been started
   */
  static GuestImages of(RunRequest request, Optional<Terminal> terminal) {
    if (request.peripherals().firmware().isPresent()) {
      String name = request.peripherals().firmware().get();
      return new GuestImages(new byte[0], Path.of(name), Optional.empty(), "", () -> Origin.NONE);
    }
    Optional<byte[]> initrd = request.initrd().map(path -> read("initrd", path));
    return request.kernel().isPresent()
        ? own(request.kernel().get(), initrd, request)
        : fetched(initrd, request, terminal);
  }

  private static GuestImages own(Path path, Optional<byte[]> initrd, RunRequest request) {
    byte[] file = read("kernel", path);
    Optional<String> append = request.append();
    String commandLine = append.orElse(CONSOLE);
    if (parse(file, "kernel " + path) instanceof MultibootKernel) {
      // By custom the first word is the file's name, and the words behind it are for the kernel.
      String words = append.map(text -> " " + text).orElse("");
      commandLine = path.getFileName() + words;
    }
    String last = commandLine;
    return new GuestImages(
        file,
        path,
        initrd,
        last,
        () ->
            new Origin(
                "",
                Optional.of(OriginFile.of(path, file)),
                mark(request.initrd(), initrd),
                last,
                Collections.emptySortedMap()));
  }

  private static Optional<OriginFile> mark(Optional<Path> path, Optional<byte[]> content) {
    return path.map(file -> OriginFile.of(file, content.orElseThrow()));
  }

  private static GuestImages fetched(
      Optional<byte[]> initrd, RunRequest request, Optional<Terminal> terminal) {
    String guest = request.guest();
    try {
      CachedImage image = ImageCache.open().ensure(guest, Progress.onStandardError());
      byte[] kernel = image.kernel();
      parse(kernel, "the kernel of guest " + guest);
      byte[] userLand =
          initrd.isPresent()
              ? initrd.get()
              : DefaultInitramfs.build(image.busybox(), image.drivers());
      String commandLine =
          request
              .restoration()
              .map(saved -> saved.description().origin())
              .filter(saved -> saved.guest().equals(guest) && request.append().isEmpty())
              .map(Origin::commandLine)
              .orElseGet(() -> commandLine(terminal, request.append()));
      return new GuestImages(
          kernel,
          image.folder(),
          Optional.of(userLand),
          commandLine,
          () ->
              new Origin(
                  guest,
                  Optional.empty(),
                  mark(request.initrd(), initrd),
                  commandLine,
                  Collections.emptySortedMap()));
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    }
  }

  /**
   * The command line of a guest of ours.
   *
   * @param terminal whose size and kind it is told, or empty
   * @param append further words
   */
  static String commandLine(Optional<Terminal> terminal, Optional<String> append) {
    StringBuilder commandLine = new StringBuilder(CONSOLE + " " + RESET_ON_PANIC);
    terminal.ifPresent(it -> describe(it, commandLine));
    append.ifPresent(words -> commandLine.append(' ').append(words));
    return commandLine.toString();
  }

  private static KernelImage parse(byte[] file, String what) {
    try {
      return KernelImage.parse(file);
    } catch (KernelFormatException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, what + ": " + e.getMessage(), e);
    }
  }

  private static void describe(Terminal terminal, StringBuilder commandLine) {
    Map<String, String> words =
        Map.of(
            DefaultInitramfs.ROWS_PARAMETER, Integer.toString(terminal.rows()),
            DefaultInitramfs.COLUMNS_PARAMETER, Integer.toString(terminal.columns()),
            DefaultInitramfs.TERMINAL_PARAMETER, System.getenv().getOrDefault("TERM", ""));
    words.forEach((name, value) -> {
      // What a kernel's parser would take apart is not worth quoting.
      if (value.matches("[\\w.+-]+")) {
        commandLine.append(' ').append(name).append('=').append(value);
      }
    });
  }

  /**
   * Reads a file of the user's.
   *
   * @throws Failure if it is none, or too large
   */
  static byte[] read(String what, Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw new IOException("it is a directory; give a file");
      }
      if (Files.size(path) > KernelImage.MAX_SIZE) {
        throw new IOException(
            "it is larger than the " + (KernelImage.MAX_SIZE >> 20) + " MiB that are taken");
      }
      byte[] content = ImageBytes.read(path);
      if (content.length == 0) {
        throw new IOException("it is empty");
      }
      return content;
    } catch (NoSuchFileException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, what + " " + path + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, what + " " + path + ": no permission to read it", e);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.BAD_IMAGE, what + " " + path + " cannot be used: " + e.getMessage(), e);
    }
  }
}
