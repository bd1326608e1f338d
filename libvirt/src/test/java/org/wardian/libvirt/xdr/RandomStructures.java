package org.wardian.libvirt.xdr;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/** Every structure of the protocol, and values of them. */
public final class RandomStructures {
  private static final List<String> PROGRAMS = List.of("remote", "qemu", "lxc");
  private static final String TEXT = "aZ09-_<>&äß水😀";

  private final SplittableRandom random;

  /** Values from a seed. */
  public RandomStructures(SplittableRandom random) {
    this.random = random;
  }

  /** All record classes that were generated, in the order of their names. */
  public static List<Class<? extends XdrStruct>> all() {
    List<Class<? extends XdrStruct>> classes = new ArrayList<>();
    try {
      URI code = RemoteProgram.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      for (String program : PROGRAMS) {
        Path folder = Path.of(code).resolve("org/wardian/libvirt/wire/" + program);
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.sorted().toList()) {
            String name = file.getFileName().toString().replace(".class", "");
            Class<?> type = Class.forName("org.wardian.libvirt.wire." + program + "." + name);
            if (type.isRecord() && !name.contains("$")) {
              classes.add(type.asSubclass(XdrStruct.class));
            }
          }
        }
      }
    } catch (IOException | URISyntaxException | ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
    return classes;
  }

  /** The method that reads a structure. */
  public static MethodHandle reader(Class<?> type) {
    try {
      return MethodHandles.publicLookup()
          .findStatic(type, "read", MethodType.methodType(type, XdrReader.class));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads a structure of a class. */
  public static Object read(MethodHandle reader, XdrReader in) throws XdrException {
    try {
      return reader.invoke(in);
    } catch (XdrException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** A value of a structure. */
  public <T> T value(Class<T> type) {
    try {
      RecordComponent[] components = type.getRecordComponents();
      Object[] values = new Object[components.length];
      Class<?>[] types = new Class<?>[components.length];
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] = component(components[i].getGenericType());
      }
      Constructor<T> constructor = type.getDeclaredConstructor(types);
      if (!Modifier.isPublic(type.getModifiers())) {
        throw new IllegalStateException(type + " is not public");
      }
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private Object component(Type type) {
    if (type instanceof ParameterizedType list) {
      int size = random.nextInt(4);
      List<Object> values = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        values.add(component(list.getActualTypeArguments()[0]));
      }
      return List.copyOf(values);
    }
    Class<?> of = (Class<?>) type;
    if (of == int.class) {
      return random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(128);
    } else if (of == long.class) {
      return random.nextLong();
    } else if (of == double.class) {
      return Double.longBitsToDouble(random.nextLong());
    } else if (of == String.class) {
      return text();
    } else if (of == UUID.class) {
      return new UUID(random.nextLong(), random.nextLong());
    } else if (of == byte[].class) {
      byte[] bytes = new byte[random.nextInt(9)];
      random.nextBytes(bytes);
      return bytes;
    } else if (of == int[].class) {
      return random.ints(random.nextInt(5)).toArray();
    } else if (of == long[].class) {
      return random.longs(random.nextInt(5)).toArray();
    } else if (of == TypedParamValue.class) {
      Class<?>[] cases = TypedParamValue.class.getPermittedSubclasses();
      return value(cases[random.nextInt(cases.length)]);
    }
    return value(of);
  }

  private String text() {
    int[] points = TEXT.codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(7); i > 0; i--) {
      text.appendCodePoint(points[random.nextInt(points.length)]);
    }
    return text.toString();
  }

  /** The bytes of a structure. */
  public static byte[] bytes(XdrStruct value) throws XdrException {
    XdrWriter out = new XdrWriter(1 << 25);
    value.write(out);
    return out.toByteArray();
  }
}
