"""Operations 运维: health, readiness, metrics."""
