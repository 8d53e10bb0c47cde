CREATE TABLE projects (
  id uuid PRIMARY KEY,
  name text NOT NULL
);

CREATE INDEX projects_name ON projects (name);
