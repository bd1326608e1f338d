package org.wardian.daemon.typed;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/**
 * Typed parameters that a client gives, checked as libvirt does ({@code virTypedParamsValidate}).
 */
public final class ParamReader {
  /** What a parameter has to be. */
  public enum Kind {
    /** {@code int}. */
    INT,
    /** {@code unsigned int}. */
    UINT,
    /** {@code long long}. */
    LLONG,
    /** {@code unsigned long long}. */
    ULLONG,
    /** A truth value. */
    BOOLEAN,
    /** A text. */
    STRING
  }

  private final Map<String, TypedParamValue> values = new HashMap<>();

  private ParamReader(List<TypedParam> params) {
    params.forEach(one -> values.put(one.field(), one.value()));
  }

  /**
   * Reads parameters.
   *
   * @param known kinds by name
   * @throws LibvirtException where one is not known, of another kind, or there twice
   */
  public static ParamReader of(List<TypedParam> params, Map<String, Kind> known)
      throws LibvirtException {
    Set<String> seen = new HashSet<>();
    for (TypedParam one : params) {
      Kind kind = known.get(one.field());
      if (kind == null) {
        throw new LibvirtException(
            ErrorNumber.ARGUMENT_UNSUPPORTED,
            ErrorDomain.NONE,
            "parameter '" + one.field() + "' not supported");
      }
      if (!seen.add(one.field())) {
        throw invalid("parameter '" + one.field() + "' occurs multiple times");
      }
      if (kindOf(one.value()) != kind) {
        throw invalid(
            "invalid type '"
                + name(kindOf(one.value()))
                + "' for parameter '"
                + one.field()
                + "', expected '"
                + name(kind)
                + "'");
      }
    }
    return new ParamReader(params);
  }

  private static LibvirtException invalid(String detail) {
    return new LibvirtException(ErrorNumber.INVALID_ARG, ErrorDomain.NONE, detail);
  }

  private static Kind kindOf(TypedParamValue value) {
    return switch (value) {
      case TypedParamValue.IntValue v -> Kind.INT;
      case TypedParamValue.UintValue v -> Kind.UINT;
      case TypedParamValue.LlongValue v -> Kind.LLONG;
      case TypedParamValue.UllongValue v -> Kind.ULLONG;
      case TypedParamValue.BooleanValue v -> Kind.BOOLEAN;
      case TypedParamValue.StringValue v -> Kind.STRING;
      case TypedParamValue.DoubleValue v -> null;
    };
  }

  private static String name(Kind kind) {
    return switch (kind) {
      case INT -> "int";
      case UINT -> "uint";
      case LLONG -> "llong";
      case ULLONG -> "ullong";
      case BOOLEAN -> "boolean";
      case STRING -> "string";
      case null -> "double";
    };
  }

  /** Whether one is there. */
  public boolean has(String field) {
    return values.containsKey(field);
  }

  /** The names that are there. */
  public Set<String> fields() {
    return values.keySet();
  }

  /** A number. */
  public OptionalLong number(String field) {
    return switch (values.get(field)) {
      case TypedParamValue.IntValue v -> OptionalLong.of(v.value());
      case TypedParamValue.UintValue v -> OptionalLong.of(Integer.toUnsignedLong(v.value()));
      case TypedParamValue.LlongValue v -> OptionalLong.of(v.value());
      case TypedParamValue.UllongValue v -> OptionalLong.of(v.value());
      case TypedParamValue.BooleanValue v -> OptionalLong.of(v.value());
      case null, default -> OptionalLong.empty();
    };
  }

  /** A text. */
  public Optional<String> text(String field) {
    return values.get(field) instanceof TypedParamValue.StringValue v
        ? Optional.of(v.value())
        : Optional.empty();
  }
}
