"""Pure judging of a face session 人脸核验判定: frames in, verdict out."""
